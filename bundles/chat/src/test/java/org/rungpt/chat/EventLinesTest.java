package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class EventLinesTest {
    private static final class Heard implements EventLines.Reader {
        private final List<String> all = new ArrayList<>();
        private long read;

        @Override
        public void said(String stream, String text, long upTo) {
            all.add(stream + ":" + text);
            assertThat(upTo).isGreaterThanOrEqualTo(read);
            read = upTo;
        }

        @Override
        public void progress(String step, Double done, Double total) {
            all.add("progress:" + step + " " + done + "/" + total);
        }

        @Override
        public void file(String name, byte[] content) {
            all.add("file:" + name + "=" + new String(content, StandardCharsets.UTF_8));
        }
    }

    private static List<String> of(String output) {
        var heard = new Heard();
        var lines = new EventLines(0, heard);
        lines.accept(0, bytes(output));
        lines.end();
        return heard.all;
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)).asReadOnlyBuffer();
    }

    @Test
    void everyTypeIsUnderstood() {
        assertThat(of("""
                        {"type":"progress","text":"reading","done":3,"total":10}
                        {"type":"log","text":"a log"}
                        {"type":"log","level":"warning","text":"careful"}

                        {"type":"text","text":"one "}
                        {"type":"artifact","name":"a.txt","text":"content"}
                        {"type":"artifact","name":"b.txt","base64":"aGk="}
                        {"type":"artifact","name":"plot.png"}
                        {"type":"result","value":{"n":1}}
                        {"type":"error","message":"it\\nbroke"}
                        {"type":"result","text":"all"}"""))
                .containsExactly(
                        "progress:reading 3.0/10.0",
                        "log:a log\n",
                        "log:warning: careful\n",
                        "stdout:one ",
                        "file:a.txt=content",
                        "file:b.txt=hi",
                        "progress:plot.png null/null",
                        "stdout:\n{\"n\":1}",
                        "error:it broke\n",
                        "stdout:\nall");
    }

    @Test
    void whatIsNoEventBecomesLogText() {
        assertThat(of("hello\n[1]\n{\"type\":\"dance\"}\n{\"type\":\"text\"}\n{\"type\":\"text\",\"text\":1}\n{\n"))
                .containsExactly(
                        "log:hello\n",
                        "log:[1]\n",
                        "log:{\"type\":\"dance\"}\n",
                        "log:{\"type\":\"text\"}\n",
                        "log:{\"type\":\"text\",\"text\":1}\n",
                        "log:{\n");
    }

    @Test
    void aLineWithoutEndIsBoundedAndReadingGoesOn() {
        var heard = new Heard();
        var lines = new EventLines(0, heard);
        byte[] flood = new byte[1 << 20];
        java.util.Arrays.fill(flood, (byte) 'x');
        for (int i = 0; i < 20; i++) {
            lines.accept((long) i << 20, ByteBuffer.wrap(flood));
        }
        lines.accept(20L << 20, bytes("\n{\"type\":\"text\",\"text\":\"on\"}\n"));
        assertThat(heard.all).hasSize(2);
        assertThat(heard.all.get(0)).startsWith("log:xxx").endsWith("[…]\n").hasSizeLessThan(2100);
        assertThat(heard.all.get(1)).isEqualTo("stdout:on");
        assertThat(heard.read).isEqualTo((20L << 20) + 1 + 28);
    }

    @Property
    void howItIsCutMakesNoDifference(@ForAll @Size(max = 20) List<@IntRange(min = 1, max = 9) Integer> cuts) {
        String output = "{\"type\":\"text\",\"text\":\"ä\"}\nnoise ö\n{\"type\":\"result\",\"value\":[1]}\n";
        byte[] all = output.getBytes(StandardCharsets.UTF_8);
        var heard = new Heard();
        var lines = new EventLines(0, heard);
        int at = 0;
        for (int cut : cuts) {
            int end = Math.min(all.length, at + cut);
            // A runner may replay what was seen.
            lines.accept(
                    Math.max(0, at - 2),
                    ByteBuffer.wrap(all, Math.max(0, at - 2), end - Math.max(0, at - 2))
                            .slice());
            at = end;
        }
        lines.accept(at, ByteBuffer.wrap(all, at, all.length - at).slice());
        lines.end();
        assertThat(heard.all).containsExactly("stdout:ä", "log:noise ö\n", "stdout:\n[1]");
    }
}
