package org.rungpt.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.EventType;

class TurnTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Turn turn =
            new Turn("c1", new Allowed(List.of("system.*")), new PrintStream(bytes, true, StandardCharsets.UTF_8));
    private long seq;

    private Turn.Approval event(String type, String data) throws InterruptedException {
        turn.appended(new ConversationEvent("c1", ++seq, Instant.EPOCH, type, data.replace('\'', '"')));
        return turn.next(0, TimeUnit.SECONDS);
    }

    private void delta(String data) throws InterruptedException {
        turn.transientEvent("c1", EventType.MESSAGE_DELTA, data.replace('\'', '"'));
        turn.next(0, TimeUnit.SECONDS);
    }

    private void begin() throws InterruptedException {
        turn.posted("m1");
        event(EventType.MESSAGE_USER, "{'message': 'm1', 'text': 'hello'}");
        event(EventType.TURN_STARTED, "{'turn': 't1', 'cause': 'user'}");
    }

    private String shown() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void printsEachPieceOnceThoughItComesTwice() throws Exception {
        begin();
        delta("{'message': 'a1', 'offset': 0, 'text': 'Hel', 'channel': 'answer'}");
        event(EventType.MESSAGE_TEXT, "{'message': 'a1', 'offset': 0, 'text': 'Hello', 'channel': 'answer'}");
        delta("{'message': 'a1', 'offset': 3, 'text': 'lo wor', 'channel': 'answer'}");
        event(EventType.MESSAGE_TEXT, "{'message': 'a1', 'offset': 5, 'text': ' world', 'channel': 'answer'}");
        delta("{'message': 'a1', 'offset': 0, 'text': 'thinking', 'channel': 'reasoning'}");
        event(EventType.TURN_FINISHED, "{'turn': 't1', 'reason': 'done', 'canContinue': false}");

        assertThat(shown()).isEqualTo("Hello world");
        assertThat(turn.isFinished()).isTrue();
        assertThat(turn.problem()).isNull();
    }

    @Test
    void followsOnlyTheTurnThatAnswersTheMessage() throws Exception {
        turn.posted("m1");
        event(EventType.TURN_STARTED, "{'turn': 't0', 'cause': 'output'}");
        delta("{'message': 'a0', 'offset': 0, 'text': 'other', 'channel': 'answer'}");
        event(EventType.TURN_FINISHED, "{'turn': 't0', 'reason': 'done'}");
        turn.transientEvent("c2", EventType.MESSAGE_DELTA, "{}");

        assertThat(turn.isFinished()).isFalse();
        assertThat(shown()).isEmpty();
    }

    @Test
    void showsCallsAndTheirOutput() throws Exception {
        begin();
        event(EventType.CALL_REQUESTED, "{'call': 'x', 'task': 'system.shell', 'arguments': {'command': 'id'}}");
        event(EventType.CALL_OUTPUT, "{'call': 'x', 'stream': 'stdout', 'offset': 0, 'text': 'uid=0\\u001b[2J'}");
        event(EventType.CALL_FINISHED, "{'call': 'x', 'status': 'done', 'exit': 0}");

        assertThat(shown()).contains("▸ system.shell {\"command\":\"id\"}", "uid=0\\u{1B}[2J", "▪ done (exit code 0)");
    }

    @Test
    void givesBackWhatHasToBeApproved() throws Exception {
        begin();
        event(EventType.CALL_REQUESTED, "{'call': 'x', 'task': 'system.shell', 'arguments': {'command': 'id'}}");
        event(EventType.CALL_REQUESTED, "{'call': 'y', 'task': 'acme.plot', 'arguments': {}}");

        assertThat(event(EventType.APPROVAL_REQUESTED, "{'call': 'x', 'approval': 'p', 'reasons': ['network']}"))
                .isEqualTo(new Turn.Approval("x", "system.shell", "{\"command\":\"id\"}", "network", true));
        assertThat(event(EventType.APPROVAL_REQUESTED, "{'call': 'y', 'approval': 'q', 'reasons': []}")
                        .allowed())
                .isFalse();
    }

    @Test
    void anEarlyEndIsAProblem() throws Exception {
        begin();
        event(EventType.TURN_FINISHED, "{'turn': 't1', 'reason': 'error', 'detail': 'no key'}");

        assertThat(turn.problem()).isEqualTo("The turn ended early (error): no key");
    }

    @Test
    void aDeletedConversationEndsIt() throws Exception {
        begin();
        turn.deleted("c1");
        turn.next(0, TimeUnit.SECONDS);

        assertThat(turn.isFinished()).isTrue();
        assertThat(turn.problem()).isEqualTo("The conversation was deleted");
    }

    @Test
    void patternsCoverTasks() {
        var allowed = new Allowed(List.of("system.*", "acme.plot", "*.read_file", "a\\E.*"));

        assertThat(allowed.covers("system.shell")).isTrue();
        assertThat(allowed.covers("systemXshell")).isFalse();
        assertThat(allowed.covers("acme.plot")).isTrue();
        assertThat(allowed.covers("acme.plotter")).isFalse();
        assertThat(allowed.covers("filesystem.read_file")).isTrue();
        assertThat(new Allowed(List.of()).covers("system.shell")).isFalse();
    }
}
