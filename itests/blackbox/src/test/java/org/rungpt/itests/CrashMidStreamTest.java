package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} while an answer streams to a reader. */
class CrashMidStreamTest {
    private static final int LOST_AT_MOST = 2048;
    /** Text at such a pace is durable by its size or its time, whichever comes first. */
    private static final String PIECE = "Ein Stück Text, ünd noch eins: 鳥. ";

    @TempDir
    Path directory;

    @Test
    @DisplayName(
            "F.64 what a reader was shown is there after a crash, but for the last 250 ms or 2 KiB; the answer is interrupted and goes on")
    void whatWasShownIsThereAfterACrash() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        try (ModelServer model = new ModelServer((request, answer) -> {
                    if (asked.incrementAndGet() > 1) {
                        answer.text("And on.");
                        return;
                    }
                    // Until the connection breaks: the server is killed.
                    while (!end.await(5, TimeUnit.MILLISECONDS)) {
                        answer.text(PIECE);
                    }
                });
                RunGpt rungpt = new RunGpt(directory.resolve("data"))
                        .with("OPENAI_BASE_URL", model.url())
                        .with("OPENAI_API_KEY", "sk-test")) {
            rungpt.start("--model", "openai/scripted");
            String id = rungpt.conversation();
            rungpt.say(id, "Tell.");
            StringBuilder shown = new StringBuilder();
            rungpt.eventsUntil(id, 0, event -> {
                // A transient event comes first, and the stored one says the same again. A reader who comes amid an
                // answer hears of
                // what is ahead of what is stored: that has a place once the stored event came.
                String text = event.at("/data/text").asText();
                long offset = event.at("/data/offset").asLong();
                if (event.path("type").asText().matches("message\\.(delta|text)")
                        && offset <= shown.length()
                        && offset + text.length() > shown.length()) {
                    shown.append(text.substring((int) (shown.length() - offset)));
                }
                return shown.length() > 20_000;
            });
            rungpt.kill();
            end.countDown();
            rungpt.start();

            List<JsonNode> events = rungpt.eventsUntil(id, 0, RunGpt.type("turn.finished"));
            String stored = RunGpt.answerText(events);
            assertThat(shown.toString()).startsWith(stored.substring(0, Math.min(stored.length(), shown.length())));
            int lost = bytes(shown.toString()) - bytes(stored);
            System.out.printf("%d bytes shown, %d lost%n", bytes(shown.toString()), Math.max(0, lost));
            assertThat(lost).isLessThanOrEqualTo(LOST_AT_MOST);
            assertThat(events.stream().filter(RunGpt.type("message.finished")).map(event -> event.at("/data/reason")
                            .asText()))
                    .containsExactly("interrupted");
            long seq = events.get(events.size() - 1).path("seq").asLong();

            rungpt.post("/api/conversations/" + id + "/continue", ModelServer.JSON.createObjectNode());
            List<JsonNode> on = rungpt.eventsUntil(id, seq, RunGpt.type("turn.finished"));
            assertThat(RunGpt.answerText(on)).isEqualTo("And on.");
            assertThat(asked.get()).isEqualTo(2);
        }
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
