package org.rungpt.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One question in a conversation: which turn is its answer. */
class AskTest {
    private static final String CONVERSATION = "/api/conversations/c1";

    private static final List<String> ANSWER = List.of(
            "{'type': 'turn.started', 'data': {'turn': 't2', 'cause': 'user'}}",
            "{'type': 'call.requested', 'data': {'call': 'y', 'task': 'system.now', 'arguments': {}}}",
            "{'type': 'approval.requested', 'data': {'call': 'y', 'approval': 'q'}}",
            "{'type': 'message.text', 'data': {'message': 'a2', 'offset': 0, 'text': 'Noon.'}}",
            "{'type': 'turn.finished', 'data': {'turn': 't2', 'reason': 'done'}}");

    @TempDir
    Path data;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private FakeServer server;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer(data)
                .answers(CONVERSATION + "/messages", "{\"message\": \"m2\"}")
                .answers(CONVERSATION + "/calls/x/approval", "{}")
                .answers(CONVERSATION + "/calls/y/approval", "{}");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private int ask(String state, List<String> before) throws Exception {
        server.answers(CONVERSATION, json("{'lastSeq': 7, 'state': '" + state + "'}"));
        var events = new StringBuilder();
        before.forEach(event -> events.append("data: ").append(json(event)).append("\n\n"));
        ANSWER.forEach(event -> events.append("data: ").append(json(event)).append("\n\n"));
        server.answers(CONVERSATION + "/events", events.toString());
        Terminal terminal = new Terminal(print(out), print(err), null, true);
        return new Ask(server.server(), terminal, options("--conversation", "c1", "--allow", "*", "What time is it?"))
                .run();
    }

    private static String json(String quoted) {
        return quoted.replace('\'', '"');
    }

    private static PrintStream print(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private static Ask.Options options(String... arguments) throws Exception {
        return Ask.Options.of(List.of(arguments));
    }

    private List<String> decided() {
        return server.asked().stream().filter(one -> one.contains("/approval")).toList();
    }

    @Test
    void aMessageOfARunningTurnIsAnsweredByTheNext() throws Exception {
        int exit = ask(
                "running",
                List.of(
                        "{'type': 'message.text', 'data': {'message': 'a1', 'offset': 0, 'text': 'Once '}}",
                        "{'type': 'message.user', 'data': {'message': 'm2', 'text': 'What time is it?'}}",
                        "{'type': 'message.text', 'data': {'message': 'a1', 'offset': 5, 'text': 'upon a time'}}",
                        "{'type': 'call.requested', 'data': {'call': 'x', 'task': 'acme.pay', 'arguments': {}}}",
                        "{'type': 'approval.requested', 'data': {'call': 'x', 'approval': 'p'}}",
                        "{'type': 'turn.finished', 'data': {'turn': 't1', 'reason': 'error'}}"));

        assertThat(exit).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("Noon.\n");
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("after it").doesNotContain("acme.pay");
        assertThat(decided()).hasSize(1).allMatch(one -> one.contains("/calls/y/"));
    }

    @Test
    void aMessageToAnIdleConversationIsAnsweredAtOnce() throws Exception {
        int exit =
                ask("idle", List.of("{'type': 'message.user', 'data': {'message': 'm2', 'text': 'What time is it?'}}"));

        assertThat(exit).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("Noon.\n");
        assertThat(err.toString(StandardCharsets.UTF_8)).doesNotContain("after it");
        assertThat(decided()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x y", "", "../status?", "c1/messages", "c%31", "ü", "#"})
    void whatIsNoIdIsNoConversation(String id) throws Exception {
        assertThatThrownBy(() -> new Ask(
                                server.server(),
                                new Terminal(print(out), print(err), null, true),
                                options("--conversation", id, "hello"))
                        .run())
                .isInstanceOfSatisfying(CliException.class, error -> assertThat(error.exitCode())
                        .isEqualTo(1))
                .hasMessage("There is no such conversation.");
        assertThat(server.asked()).isEmpty();
    }
}
