package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that keeps much answers as fast as an empty one, as whoever asks it over HTTP sees it. */
class ManyMessagesTest {
    private static final int CONVERSATIONS = RunGpt.SOAK ? 100 : 10;
    private static final int MESSAGES = 1000;
    private static final String MORE = RunGpt.SOAK ? " and so it goes on".repeat(560) : "";
    /** A string of 20 MB is the longest that the reader of these tests takes. */
    private static final int HUGE = RunGpt.SOAK ? 19_999_000 : 2_000_000;

    @TempDir
    Path directory;

    @Test
    @DisplayName(
            "F.73 over HTTP the list, a conversation and a search come as fast with 10,000 messages and one of 2 MB;"
                    + " in the long run with 100,000, 1 GB and one of 20 MB")
    void muchIsReadFast() throws Exception {
        try (RunGpt rungpt = new RunGpt(directory.resolve("data"))) {
            rungpt.start();
            String first = imported(rungpt, "some common words", MESSAGES, MORE);
            String usual = first;
            for (int i = 1; i < CONVERSATIONS; i++) {
                usual = imported(rungpt, "some common words", MESSAGES, MORE);
            }
            String huge = imported(rungpt, "one of a kind", 1, "y".repeat(HUGE));
            if (RunGpt.SOAK) {
                assertThat(Files.size(rungpt.data.resolve("conversations.db"))).isGreaterThan(1_000_000_000);
            }
            // A server that has just been started is asked a first time.
            rungpt.get("/api/search?q=warm");
            rungpt.get("/api/conversations?limit=1");
            events(rungpt, first);

            JsonNode list = within(300, "list", () -> rungpt.get("/api/conversations?limit=100"));
            assertThat(list.path("conversations")).hasSize(Math.min(100, CONVERSATIONS + 1));
            JsonNode found = within(1000, "search", () -> rungpt.get("/api/search?q=common%20words&limit=50"));
            assertThat(found.path("hits")).hasSize(50);
            assertThat(opened(rungpt, usual)).hasSizeGreaterThanOrEqualTo(MESSAGES);
            assertThat(opened(rungpt, huge).toString()).contains("y".repeat(HUGE));
        }
    }

    private static List<JsonNode> opened(RunGpt rungpt, String id) throws Exception {
        return within(1000, "open", () -> events(rungpt, id));
    }

    /** A conversation as the page opens it: what is told of it, and its events from the first to the last. */
    private static List<JsonNode> events(RunGpt rungpt, String id) throws Exception {
        long last = rungpt.get("/api/conversations/" + id).path("lastSeq").asLong();
        return rungpt.eventsUntil(id, 0, event -> event.path("seq").asLong() == last);
    }

    private static <T> T within(long millis, String what, Callable<T> step) throws Exception {
        long begin = System.nanoTime();
        T result = step.call();
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin))
                .as(what + ", ms")
                .isLessThan(millis);
        return result;
    }

    private static String imported(RunGpt rungpt, String words, int messages, String more) throws Exception {
        ObjectNode file = ModelServer.JSON
                .createObjectNode()
                .put("format", "rungpt-conversation")
                .put("version", 1);
        file.putObject("conversation").put("title", words);
        ArrayNode events = file.putArray("events");
        for (int i = 0; i < messages; i++) {
            events.addObject()
                    .put("at", "2026-01-01T00:00:00Z")
                    .put("type", "message.imported")
                    .putObject("data")
                    .put("message", "m" + i)
                    .put("role", i % 2 == 0 ? "user" : "assistant")
                    .put("text", words + " " + i + more);
        }
        return rungpt.post("/api/import", file).at("/conversations/0").asText();
    }
}
