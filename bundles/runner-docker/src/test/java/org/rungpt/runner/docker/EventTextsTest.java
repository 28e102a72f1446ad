package org.rungpt.runner.docker;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.runner.CallObserver;

/** What is joined of several events is masked like any other output. */
final class EventTextsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CANARY = "sk-CANARY \"q7\" ö\uD83D\uDE00_%41&end";

    private final StringBuilder shown = new StringBuilder();
    private long offset = 500;
    private MaskedCall call = masked(CANARY);

    private MaskedCall masked(String secret) {
        return new MaskedCall(Mask.of(List.of(secret)), true, new CallObserver() {
            @Override
            public void output(Stream stream, long at, ByteBuffer bytes) {
                assertThat(at).isEqualTo(500 + shown.length());
                shown.append(ISO_8859_1.decode(bytes));
            }

            @Override
            public void progress(String step) {}
        });
    }

    private void say(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        call.output(CallObserver.Stream.STDOUT, offset, ByteBuffer.wrap(bytes));
        offset += bytes.length;
    }

    private void end() throws Exception {
        call.artifact("end", 0, InputStream.nullInputStream());
        assertThat(shown.length()).isEqualTo((int) (offset - 500));
    }

    private static String event(String type, String field, String text) throws Exception {
        return JSON.writeValueAsString(JSON.createObjectNode().put("type", type).put(field, text)) + "\n";
    }

    private static String text(String text) throws Exception {
        return event("text", "text", text);
    }

    /** What is joined of the events of one type. */
    private String joined(String type, String field) throws Exception {
        var joined = new StringBuilder();
        for (String line : new String(shown.toString().getBytes(ISO_8859_1), UTF_8).split("\n")) {
            JsonNode event = JSON.readTree(line);
            if (event.path("type").asText().equals(type)) {
                joined.append(event.path(field).asText());
            }
        }
        return joined.toString();
    }

    @Test
    @DisplayName("E.57 a secret that begins in one event and ends in another is masked, wherever it is cut")
    void acrossTwoEvents() throws Exception {
        for (int cut = 1; cut < CANARY.length(); cut++) {
            if (Character.isLowSurrogate(CANARY.charAt(cut))) {
                continue;
            }
            shown.setLength(0);
            offset = 500;
            call = masked(CANARY);
            say(text("before " + CANARY.substring(0, cut)));
            say(text(CANARY.substring(cut) + " after"));
            end();
            assertThat(joined("text", "text")).matches("before \\*+ after");
        }
    }

    @Test
    @DisplayName("E.57 a secret in many events is masked, however the output is cut into pieces")
    void acrossManyEvents() throws Exception {
        var all = new StringBuilder();
        String whole = CANARY + " " + Base64.getEncoder().encodeToString(CANARY.getBytes(UTF_8));
        for (int one : whole.codePoints().toArray()) {
            all.append(text(Character.toString(one)));
        }
        Random random = new Random(3);
        for (int round = 0; round < 20; round++) {
            shown.setLength(0);
            offset = 500;
            call = masked(CANARY);
            byte[] bytes = all.toString().getBytes(UTF_8);
            for (int at = 0; at < bytes.length; ) {
                int count = Math.min(bytes.length - at, 1 + random.nextInt(30));
                call.output(CallObserver.Stream.STDOUT, offset, ByteBuffer.wrap(bytes, at, count));
                at += count;
                offset += count;
            }
            end();
            // At the end of base64 there may be a character and padding that depend on what follows.
            assertThat(joined("text", "text").replaceAll("[A-Za-z0-9]?=*$", "")).matches("[* ]+");
        }
    }

    @Test
    void otherEventsBetween() throws Exception {
        say(text("so: sk-CANARY"));
        say(event("progress", "text", "half"));
        assertThat(shown.toString()).endsWith("half\"}\n");
        say("\nno event\n" + text(CANARY.substring("sk-CANARY".length()) + "."));
        end();
        assertThat(shown.toString()).contains("so: *********\"").contains("no event");
        assertThat(shown.toString()).doesNotContain("q7").doesNotContain("end");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"text\",\"text\":\"sk-123456\"}\n{\"type\":\"result\",\"text\":\"78901234\"}\n",
                "{\"type\":\"text\",\"text\":\"sk-123456\"}\n{\"type\":\"result\",\"value\":\"78901234\"}\n",
                "{\"type\":\"text\",\"text\":\"sk-123456\"}\n{\"type\":\"result\",\"value\":78901234}\n",
                "{\"type\":\"text\",\"text\":\"sk-123456\"}\n{\"type\":\"result\",\"value\":78901234,\"x\":[]}\n",
                "{\"type\":\"text\",\"text\":\"sk-123456\"}\n{\"type\":\"result\",\"value\":78901234}",
                "{\"type\":\"log\",\"text\":\"sk-123456\"}\n{\"text\":\"78901234\",\"type\":\"log\",\"level\":\"warn\"}\n",
                "{\"type\":\"log\",\"text\":\"sk-123456\"}\n78901234 it is\n",
                "it is sk-123456\n{\"type\":\"log\",\"text\":\"78901234\"}\n",
                "{\"type\":\"error\",\"message\":\"sk-123456\"}\n{\"type\":\"error\",\"message\":\"78901234\"}\n",
                "{\"type\":\"text\",\"text\":\"sk-123456\"}\n\n\n{\"t\\u0079pe\":\"te\\u0078t\",\"text\":\"\\u00378901234\"}\r\n",
                "{\"type\":\"text\",\"text\":\"sk-123456\"}\n{\"type\":\"text\",\"x\":{\"text\":\"no\"},\"text\":\"78901234\"}\n",
                "{\"type\":\"text\",\"text\":\"sk-123456\"}\n{\"type\":\"text\",\"x\":\"\u00e4\",\"text\":\"78901234\"}\n",
            })
    void whateverIsShownInOnePlace(String lines) throws Exception {
        call = masked("sk-12345678901234");
        say(lines);
        end();
        assertThat(shown.toString())
                .contains("*********")
                .doesNotContain("1234")
                .doesNotContain("890")
                .hasLineCount((int) lines.lines().count());
    }

    @Test
    void aLineWaitsForNothingButItsEnd() throws Exception {
        say(text("Reading files"));
        assertThat(shown.toString()).endsWith("Reading file"); // The last s may be the first letter of the secret.
        say(event("progress", "text", "servers"));
        assertThat(joined("text", "text")).isEqualTo("Reading files");
        assertThat(joined("progress", "text")).isEqualTo("servers");
        shown.setLength(0);
        offset = 500;
        say(text("Done."));
        assertThat(joined("text", "text")).isEqualTo("Done.");
    }

    @Test
    void whatIsNoSecretStaysAsItIs() throws Exception {
        String all = text("see sk-CAN") + text("ada sk-CANARY ") + text("") + text("\"q8")
                + "{\"type\":\"text\",\"text\":\"sk\n" + "{\"type\":\"text\",\"text\":1}\n{}\n[1]\n\\\n"
                + text("\\ %4 %") + event("result", "text", "41");
        say(all);
        end();
        assertThat(shown.toString()).isEqualTo(all);
    }

    @Test
    void aLineThatIsTooLongIsNotKept() throws Exception {
        say(text("ends in sk-CAN"));
        say("{\"type\":\"text\",\"text\":\"" + "x".repeat((1 << 20) - 1000));
        assertThat(shown.toString()).endsWith("ends in ");
        say("y".repeat(2000));
        assertThat(shown.length()).isEqualTo((int) (offset - 500));
        say("z\n" + text("sk-CAN") + "\n".repeat(2 << 20));
        assertThat(shown.length()).isEqualTo((int) (offset - 500));
        say(text("Done."));
        assertThat(shown.toString())
                .contains("z\n")
                .endsWith("\n\n" + text("Done."))
                .contains("ends in ******\"");
    }

    @Test
    void muchOutputTakesNoLongerThanItsLength() {
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            say(text("s").repeat(50_000) + "\n".repeat(50_000) + text("").repeat(50_000));
            for (int i = 0; i < 500_000; i++) {
                say("x");
            }
            end();
        });
    }
}
