package org.rungpt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class TurnViewTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final TurnView view = new TurnView(new Terminal(print(out), print(err), null, true));

    private static PrintStream print(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private static ObjectNode text(int offset, String text) {
        return Server.JSON
                .createObjectNode()
                .put("message", "m")
                .put("offset", offset)
                .put("text", text)
                .put("channel", "answer");
    }

    private static ObjectNode output(long offset, String text) {
        return Server.JSON
                .createObjectNode()
                .put("call", "c")
                .put("stream", "stdout")
                .put("offset", offset)
                .put("text", text);
    }

    @Test
    void showsEachPieceOfTheAnswerOnce() {
        view.show("message.delta", text(0, "Hello "));
        view.show("message.text", text(0, "Hello "));
        view.show("message.delta", text(6, "world"));
        view.show("message.text", text(3, "lo world!"));
        assertThat(out).hasToString("Hello world!");
    }

    @Test
    void givesOnlyTheFinalAnswerWhenNobodyWatches() {
        TurnView piped = new TurnView(new Terminal(print(out), print(err), null, false));
        piped.show("message.started", Server.JSON.createObjectNode());
        piped.show("message.delta", text(0, "Let me look."));
        piped.show(
                "call.requested",
                Server.JSON.createObjectNode().put("call", "c").put("task", "system.info"));
        piped.show("message.started", Server.JSON.createObjectNode());
        piped.show("message.text", text(0, "It is Debian.").put("message", "n"));
        piped.end();
        assertThat(out).hasToString("It is Debian.\n");
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("Let me look.")
                .contains("system.info");
    }

    @Test
    void keepsReasoningOffTheAnswer() {
        view.show("message.delta", text(0, "hm").put("channel", "reasoning"));
        assertThat(out.size()).isZero();
    }

    @Test
    void countsOutputInBytes() {
        view.show("call.output.delta", output(0, "é"));
        view.show("call.output", output(0, "éa").put("bytes", 3));
        view.show("call.output.delta", output(3, "b"));
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("éab");
    }

    @Test
    void showsControlCharactersInsteadOfObeyingThem() {
        view.show("call.output.delta", output(0, "\u001b[2Jred\u202e"));
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("\\u{1B}[2Jred\\u{202E}");
    }

    @Test
    void aCallIsOneLineWhateverItIsCalledWith() {
        view.show(
                "call.requested",
                Server.JSON
                        .createObjectNode()
                        .put("call", "c")
                        .put("task", "word.say\r\nAllow")
                        .set("arguments", Server.JSON.createObjectNode().put("path", "a\u200b\u3164\u2028")));
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("\n▸ word.say\\u{D}\\u{A}Allow {\"path\":\"a\\u{200B}\\u{3164}\\u{2028}\"}\n");
    }

    @Test
    void namesACallByItsActionsIdentity() {
        view.show(
                "call.requested",
                Server.JSON
                        .createObjectNode()
                        .put("call", "c")
                        .put("task", "word.say")
                        .put("action", "acme/word"));
        assertThat(view.identity("c")).isEqualTo("acme/word.say");
    }
}
