package org.rungpt.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.rungpt.api.chat.ConversationEvent;

class DoorTurnTest {
    private final Told told = new Told();
    private final DoorTurn turn = begun(told);

    private static DoorTurn begun(Told told) {
        var turn = new DoorTurn("u1", told);
        happens(turn, "message.user", Json.object().put("message", "u1"));
        happens(turn, "turn.started", Json.object().put("cause", "user"));
        return turn;
    }

    private static void happens(DoorTurn turn, String type, String data) {
        turn.take(new ConversationEvent("c", 1, Instant.EPOCH, type, data));
    }

    private static void happens(DoorTurn turn, String type, ObjectNode data) {
        if (type.equals("message.delta")) {
            turn.hear(new TransientEvent(type, data.toString()));
        } else {
            turn.take(new ConversationEvent("c", 1, Instant.EPOCH, type, data.toString()));
        }
    }

    private void happens(String type, ObjectNode data) {
        happens(turn, type, data);
    }

    private void text(String type, String message, int offset, String text, String channel) {
        happens(
                type,
                Json.object()
                        .put("message", message)
                        .put("offset", offset)
                        .put("text", text)
                        .put("channel", channel));
    }

    private void end(String reason) {
        happens("turn.finished", Json.object().put("reason", reason));
    }

    private void results(String status) {
        ObjectNode results = Json.object().put("message", "r");
        results.putArray("results").addObject().put("call", "c1").put("status", status);
        happens("message.results", results);
    }

    @Test
    void whatComesLateBelongsToTheAnswer() {
        happens("call.background", Json.object().put("call", "c1"));
        results("working");
        text("message.text", "m1", 0, "It works.", "answer");
        end("done");
        assertThat(told.finishes).isZero();
        happens("call.finished", Json.object().put("call", "c1"));
        happens("turn.started", Json.object().put("cause", "output"));
        results("completed");
        text("message.text", "m2", 0, "It is done.", "answer");
        end("done");
        assertThat(told.finishes).isEqualTo(1);
        assertThat(told.text()).isEqualTo("It works.\n\nIt is done.");
    }

    /** As deep as the chat engine reads, and what it puts around it. */
    private static final int DEEPEST = 1010;

    @Test
    void whatTheChatEngineKeptIsToldHoweverDeepItIs() {
        happens(
                turn,
                "call.requested",
                "{\"call\":\"c1\",\"arguments\":" + "[".repeat(DEEPEST) + "]".repeat(DEEPEST) + "}");
        assertThat(told.events).hasSize(1);
        assertThat(Json.bytes(told.events.get(0))).hasSizeGreaterThan(2 * DEEPEST);
        happens(turn, "message.text", "{\"message\":\"m1\",\"text\":\"" + "x".repeat(25 << 20) + "\"}");
        assertThat(told.text()).hasSize(25 << 20);
    }

    @Test
    void whatCannotBeReadIsTheEndAndIsNotReadAgain() {
        happens(turn, "call.requested", "{\"call\":");
        assertThat(told.finish.kind()).isEqualTo("internal");
        assertThat(turn.isClosed()).isTrue();
        assertThat(DoorAnswer.status("internal")).isEqualTo(500);
    }

    @Test
    void aTurnThatEndsEarlyWaitsForNothing() {
        happens("call.background", Json.object().put("call", "c1"));
        results("working");
        end("limit");
        assertThat(told.finish.reason()).isEqualTo("length");
    }

    @Test
    void aTurnThatWasUnderWayIsNotTheAnswer() {
        var other = new Told();
        var late = new DoorTurn("u2", other);
        ObjectNode text = Json.object().put("message", "m1").put("offset", 0).put("text", "of before");
        happens(late, "message.text", text);
        happens(late, "message.user", Json.object().put("message", "u2"));
        happens(late, "message.text", text);
        happens(late, "turn.finished", Json.object().put("reason", "error"));
        assertThat(other.finishes).isZero();
        happens(late, "turn.started", Json.object().put("cause", "user"));
        happens(late, "message.text", Json.object().put("message", "m2").put("text", "mine"));
        happens(late, "turn.finished", Json.object().put("reason", "done"));
        assertThat(other.text()).isEqualTo("mine");
        assertThat(other.finish.kind()).isNull();
    }

    @Test
    void whoLeavesBeforeTheEndIsToldNoMore() {
        assertThat(turn.leave()).isTrue();
        end("done");
        assertThat(told.finishes).isZero();
        DoorTurn other = begun(new Told());
        happens(other, "turn.finished", Json.object().put("reason", "done"));
        assertThat(other.leave()).isFalse();
    }

    @Test
    void aCallThatNeedsAnApprovalIsAskedFor() {
        happens("approval.requested", Json.object().put("call", "c1"));
        assertThat(told.asked).containsExactly("c1");
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
        happens("call.requested", Json.object().put("call", "c1").put("task", "system.shell"));
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
            happens("message.finished", finished);
        }
        end("done");
        assertThat(told.finish).isEqualTo(new DoorTurn.Finish("stop", null, null, 200, 14));
    }

    @Test
    void anErrorOfTheModelIsToldWithItsRemedyAndAnEarlierOneThatWasOvercomeIsNot() {
        failed("server", "It broke.");
        happens("message.finished", Json.object().put("message", "m2").put("reason", "stop"));
        end("done");
        assertThat(told.finish.kind()).isNull();

        Told other = new Told();
        DoorTurn second = begun(other);
        ObjectNode finished = Json.object().put("message", "m1").put("reason", "error");
        finished.putObject("error")
                .put("kind", "billing")
                .put("message", "No credit.")
                .put("remedy", "Pay.");
        happens(second, "message.finished", finished);
        happens(second, "turn.finished", Json.object().put("reason", "error"));
        assertThat(other.finish.kind()).isEqualTo("billing");
        assertThat(other.finish.message()).isEqualTo("No credit. Pay.");
    }

    @Test
    void aConversationThatIsTooLongHasItsOwnKindOfError() {
        happens(
                "message.finished",
                Json.object().put("message", "m1").put("reason", "superseded").put("tooLong", 9000));
        happens("turn.finished", Json.object().put("reason", "error").put("detail", "It is too long."));
        assertThat(told.finish).isEqualTo(new DoorTurn.Finish("stop", "context_length", "It is too long.", 0, 0));
    }

    @Test
    void afterTheEndNothingIsTold() {
        end("done");
        text("message.text", "m1", 0, "late", "answer");
        end("error");
        turn.close();
        assertThat(told.text()).isEmpty();
        assertThat(told.finishes).isEqualTo(1);
    }

    @Test
    void aDeletedConversationIsAnEnd() {
        turn.close();
        assertThat(told.finish.kind()).isEqualTo("interrupted");
    }

    private void failed(String kind, String message) {
        ObjectNode finished = Json.object().put("message", "m1").put("reason", "error");
        finished.putObject("error").put("kind", kind).put("message", message);
        happens("message.finished", finished);
    }

    private static final class Told implements DoorTurn.Reader {
        final StringBuilder text = new StringBuilder();
        final List<ObjectNode> events = new ArrayList<>();
        DoorTurn.@Nullable Finish finish;
        final List<String> asked = new ArrayList<>();
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
        public void ask(String call) {
            asked.add(call);
        }

        @Override
        public int queuedBytes() {
            return 0;
        }

        @Override
        public long writtenBytes() {
            return 0;
        }

        @Override
        public void beat() {}

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
