package org.rungpt.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DoorTurnTest {
    private final Told told = new Told();
    private final DoorTurn turn = new DoorTurn(told);

    private void text(String type, String message, int offset, String text, String channel) {
        turn.event(
                type,
                Json.object()
                        .put("message", message)
                        .put("offset", offset)
                        .put("text", text)
                        .put("channel", channel));
    }

    private void end(String reason) {
        turn.event("turn.finished", Json.object().put("reason", reason));
    }

    @Test
    void textIsToldOnceAlthoughItComesAsItIsWrittenAndAgainWhenItIsDurable() {
        text("message.delta", "m1", 0, "Let ", "answer");
        text("message.delta", "m1", 4, "me ", "answer");
        text("message.text", "m1", 0, "Let me look", "answer");
        text("message.delta", "m1", 7, "look", "answer");
        text("message.text", "m1", 11, ".", "answer");
        assertThat(told.text()).isEqualTo("Let me look.");
    }

    @Test
    void aGapIsFilledByTheDurableText() {
        text("message.delta", "m1", 4, "lost", "answer");
        text("message.text", "m1", 0, "not lost", "answer");
        assertThat(told.text()).isEqualTo("not lost");
    }

    @Test
    void answersBetweenCallsAreParagraphsAndReasoningIsNoAnswer() {
        text("message.text", "m1", 0, "hm", "reasoning");
        text("message.text", "m1", 0, "I look.", "answer");
        turn.event("call.requested", Json.object().put("call", "c1").put("task", "system.shell"));
        text("message.text", "m2", 0, "Done.", "answer");
        assertThat(told.text()).isEqualTo("I look.\n\nDone.");
        assertThat(told.events).singleElement().satisfies(event -> assertThat(event)
                .isEqualTo(Json.object()
                        .put("event", "call.requested")
                        .put("call", "c1")
                        .put("task", "system.shell")));
    }

    @Test
    void theEndHasTheTokensOfEveryAnswer() {
        for (int i = 0; i < 2; i++) {
            ObjectNode finished = Json.object().put("message", "m" + i).put("reason", "stop");
            finished.putObject("usage").put("input", 100).put("output", 7);
            turn.event("message.finished", finished);
        }
        end("done");
        assertThat(told.finish).isEqualTo(new DoorTurn.Finish("stop", null, null, 200, 14));
    }

    @Test
    void anErrorOfTheModelIsToldWithItsRemedyAndAnEarlierOneThatWasOvercomeIsNot() {
        failed("server", "It broke.");
        turn.event("message.finished", Json.object().put("message", "m2").put("reason", "stop"));
        end("done");
        assertThat(told.finish.kind()).isNull();

        Told other = new Told();
        DoorTurn second = new DoorTurn(other);
        ObjectNode finished = Json.object().put("message", "m1").put("reason", "error");
        finished.putObject("error")
                .put("kind", "billing")
                .put("message", "No credit.")
                .put("remedy", "Pay.");
        second.event("message.finished", finished);
        second.event("turn.finished", Json.object().put("reason", "error"));
        assertThat(other.finish.kind()).isEqualTo("billing");
        assertThat(other.finish.message()).isEqualTo("No credit. Pay.");
    }

    @Test
    void afterTheEndNothingIsTold() {
        end("done");
        text("message.text", "m1", 0, "late", "answer");
        end("error");
        turn.lost();
        assertThat(told.text()).isEmpty();
        assertThat(told.finishes).isEqualTo(1);
    }

    @Test
    void aDeletedConversationIsAnEnd() {
        turn.lost();
        assertThat(told.finish.kind()).isEqualTo("interrupted");
    }

    private void failed(String kind, String message) {
        ObjectNode finished = Json.object().put("message", "m1").put("reason", "error");
        finished.putObject("error").put("kind", kind).put("message", message);
        turn.event("message.finished", finished);
    }

    private static final class Told implements DoorTurn.Reader {
        final StringBuilder text = new StringBuilder();
        final List<ObjectNode> events = new ArrayList<>();
        DoorTurn.@Nullable Finish finish;
        int finishes;

        @Override
        public void text(String piece) {
            text.append(piece);
        }

        @Override
        public void event(ObjectNode event) {
            if (!event.path("event").asText().equals("turn.finished")) {
                events.add(event);
            }
        }

        @Override
        public void finished(DoorTurn.Finish how) {
            finish = how;
            finishes++;
        }

        String text() {
            return text.toString();
        }
    }
}
