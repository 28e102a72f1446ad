package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;
import org.rungpt.api.call.CallStatus;
import org.rungpt.api.call.ParsedCall;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.protocol.Segment;

/** The fold over the log and the step that follows from it, without an engine. */
final class NextStepTest {
    private final ConversationState state = new ConversationState("test/one", "tags");
    private final House.Registry registry = new House.Registry();
    private int refs;

    private NextStep next() {
        return NextStep.of(state, ChatLimits.DEFAULT);
    }

    private void apply(Draft draft) {
        state.apply(draft.type(), draft.data());
    }

    private void ask() {
        apply(Draft.messageStarted("t", "m" + refs, "test/one", 1));
    }

    private void end(String reason) {
        apply(Draft.messageFinished("m", reason, null, null, null));
    }

    private CallState call(String task) {
        refs++;
        var call = new ParsedCall("" + refs, task, "{\"path\":\"" + refs + "\"}", "raw");
        Draft draft = Draft.callRequested("m", call, 0, registry.task(task).orElse(null));
        apply(draft);
        return state.calls().get(draft.data().path("call").asText());
    }

    private void begin() {
        apply(Draft.userMessage("u", "hello"));
        apply(Draft.turnStarted("user"));
        apply(Draft.conversationStarted("nonce", "tags", "system", java.util.List.of()));
    }

    private void allow(CallState call) {
        apply(Draft.approvalDecided(call, new Decision(true, Decision.Scope.ONCE, null), "policy"));
    }

    @Test
    void aTurnBeginsWithAMessageFreezesTheSystemMessageAndAsks() {
        assertThat(next()).isInstanceOf(NextStep.Wait.class);
        assertThat(state.doing()).isEqualTo(Conversation.State.IDLE);
        apply(Draft.userMessage("u", "hello"));
        assertThat(next()).isInstanceOf(NextStep.StartTurn.class);
        assertThat(state.doing()).isEqualTo(Conversation.State.RUNNING);
        apply(Draft.turnStarted("user"));
        assertThat(next()).isInstanceOf(NextStep.Begin.class);
        apply(Draft.conversationStarted("nonce", "tags", "system", java.util.List.of()));
        assertThat(next()).isInstanceOf(NextStep.Ask.class);
        ask();
        assertThat(next()).isInstanceOf(NextStep.Wait.class);
        end("stop");
        assertThat(next()).isEqualTo(new NextStep.Finish("done", null, false));
    }

    @Test
    void aCallWithEffectsWaitsForTheEndOfTheAnswerAHarmlessOneDoesNot() {
        begin();
        ask();
        CallState read = call("fs.read");
        assertThat(next()).isEqualTo(new NextStep.Decide(read));
        allow(read);
        assertThat(next()).isEqualTo(new NextStep.Run(read));
        apply(Draft.callStarted(read.id));
        CallState write = call("fs.write");
        allow(write);
        assertThat(next()).isInstanceOf(NextStep.Wait.class);
        apply(Draft.callFinished(read.id, CallStatus.COMPLETED, ""));
        assertThat(next()).isInstanceOf(NextStep.Wait.class);
        end("stop");
        assertThat(next()).isEqualTo(new NextStep.Run(write));
    }

    @Test
    void aCallThatWaitsForApprovalHoldsBackTheCallsBehindIt() {
        begin();
        ask();
        CallState draw = call("plot.draw");
        apply(Draft.approvalRequested(
                draw.id,
                new Judge.Verdict.Ask(java.util.List.of("because"), null, java.util.List.of(), java.util.Set.of())));
        CallState read = call("fs.read");
        allow(read);
        end("stop");
        assertThat(next()).isInstanceOf(NextStep.Wait.class);
        assertThat(state.doing()).isEqualTo(Conversation.State.WAITING);
        apply(Draft.approvalDecided(draw, new Decision(false, Decision.Scope.ALWAYS, "no"), "user"));
        assertThat(next()).isEqualTo(new NextStep.Close(draw, CallStatus.DENIED, "no"));
        apply(Draft.callFinished(draw.id, CallStatus.DENIED, "no"));
        assertThat(next()).isEqualTo(new NextStep.Run(read));
    }

    @Test
    void aMalformedCallIsClosedAsInvalidAndSentBack() {
        begin();
        ask();
        apply(Draft.callRequested("m", new Segment.Malformed(null, null, "wrong", "<raw"), 3));
        assertThat(next()).isInstanceOfSatisfying(NextStep.Close.class, close -> {
            assertThat(close.status()).isEqualTo(CallStatus.INVALID);
            apply(Draft.callFinished(close.call().id, close.status(), close.why()));
        });
        assertThat(next()).isInstanceOf(NextStep.Wait.class);
        end("stop");
        assertThat(next()).isInstanceOf(NextStep.SendResults.class);
    }

    @Test
    void whatHasNotBegunWhenAnAnswerBreaksOffIsDiscarded() {
        begin();
        ask();
        CallState write = call("fs.write");
        allow(write);
        end("interrupted");
        assertThat(next()).isInstanceOfSatisfying(NextStep.Close.class, close -> assertThat(close.status())
                .isEqualTo(CallStatus.CANCELLED));
    }

    @Test
    void aSupersededAnswerLeavesNoTraceInTheHistory() {
        begin();
        ask();
        apply(Draft.text(EventType.MESSAGE_TEXT, "m", "answer", 0, "half"));
        end("superseded");
        assertThat(state.history()).hasSize(1);
        assertThat(next()).isInstanceOf(NextStep.Ask.class);
    }

    @Test
    void theRefOfAnInvalidCallMayBeUsedAgain() {
        begin();
        ask();
        CallState read = call("fs.read");
        assertThat(state.isUsedRef(read.ref)).isTrue();
        apply(Draft.callFinished(read.id, CallStatus.INVALID, "wrong"));
        assertThat(state.isUsedRef(read.ref)).isFalse();
    }

    @Test
    void unknownTypesAndFieldsAreIgnored() {
        begin();
        ObjectNode data = Json.object("{\"strange\":1}");
        state.apply("from.the.future", data);
        assertThat(next()).isInstanceOf(NextStep.Ask.class);
    }

    @Test
    void argumentsThatAreNoJsonObjectOrNameAKeyTwiceAreMalformed() {
        begin();
        ask();
        var twice = new ParsedCall("1", "fs.read", "{\"path\":\"a\",\"path\":\"b\"}", "raw");
        Draft draft = Draft.callRequested("m", twice, 0, null);
        assertThat(draft.data().path("problem").asText()).contains("path");
        Draft list = Draft.callRequested("m", new ParsedCall("1", "fs.read", "[1]", "raw"), 0, null);
        assertThat(list.data().path("problem").asText()).contains("not a JSON object");
    }

    @Test
    void numbersInArgumentsKeepTheirDigits() {
        String digits = "{\"n\":1.10,\"big\":123456789012345678901234567890}";
        Draft draft = Draft.callRequested("m", new ParsedCall("1", "x.y", digits, "raw"), 0, null);
        assertThat(draft.data().path("arguments").toString()).isEqualTo(digits);
    }
}
