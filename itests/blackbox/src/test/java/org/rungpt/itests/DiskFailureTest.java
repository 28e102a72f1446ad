package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole server whose disk refuses to write for a while: the kernel does so, by a limit of the process on the size of files. */
class DiskFailureTest {
    @TempDir
    Path directory;

    @Test
    @DisplayName(
            "F.68 while the disk fails messages are refused with the reason, the rest goes on, and all is well by itself afterwards")
    void messagesAreRefusedWithTheReasonAndAllIsWellAfterwards() throws Exception {
        try (ModelServer model = new ModelServer((request, answer) -> answer.text("Fine."));
                RunGpt rungpt = new RunGpt(directory.resolve("data"))
                        .with("OPENAI_BASE_URL", model.url())
                        .with("OPENAI_API_KEY", "sk-test")
                        .start("--model", "openai/scripted")) {
            String conversation = rungpt.conversation();
            rungpt.say(conversation, "before");
            List<JsonNode> before = rungpt.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
            long seq = before.get(before.size() - 1).path("seq").asLong();

            limitFiles(rungpt, "4096");
            for (String path : List.of("/messages", "/labels")) {
                HttpResponse<String> refused = send(rungpt, "/api/conversations/" + conversation + path);
                assertThat(refused.statusCode()).as(refused.body()).isEqualTo(503);
                assertThat(ModelServer.JSON
                                .readTree(refused.body())
                                .at("/error/message")
                                .asText())
                        .contains("conversations.db", "Check the disk")
                        .doesNotContain("\n");
            }
            assertThat(rungpt.get("/api/conversations/" + conversation)).isNotEmpty();
            assertThat(store(rungpt).path("ready").asBoolean()).isFalse();

            limitFiles(rungpt, "unlimited");
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (!store(rungpt).path("ready").asBoolean() && System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            assertThat(store(rungpt).path("ready").asBoolean()).isTrue();
            rungpt.say(conversation, "after");
            List<JsonNode> all = rungpt.eventsUntil(
                    conversation,
                    0,
                    event -> RunGpt.type("turn.finished").test(event)
                            && event.path("seq").asLong() > seq);
            assertThat(all.stream().filter(RunGpt.type("message.user")).map(event -> event.at("/data/text")
                            .asText()))
                    .containsExactly("before", "after");
        }
    }

    private static HttpResponse<String> send(RunGpt rungpt, String path) throws IOException, InterruptedException {
        HttpRequest.Builder request = rungpt.request(path).header("Content-Type", "application/json");
        HttpRequest sent = path.endsWith("/labels")
                ? request.PUT(HttpRequest.BodyPublishers.ofString("{\"pinned\":true}"))
                        .build()
                : request.POST(HttpRequest.BodyPublishers.ofString("{\"text\":\"meanwhile\"}"))
                        .build();
        return HttpClient.newHttpClient().send(sent, HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode store(RunGpt rungpt) throws IOException, InterruptedException {
        for (JsonNode part : rungpt.get("/api/status").path("parts")) {
            if (part.path("id").asText().equals("store")) {
                return part;
            }
        }
        throw new AssertionError("the status does not tell of the store");
    }

    /** @param size in bytes, the largest file that the server may write from now on */
    private static void limitFiles(RunGpt rungpt, String size) throws IOException, InterruptedException {
        Process limit = new ProcessBuilder("prlimit", "--pid", String.valueOf(rungpt.pid()), "--fsize=" + size + ":")
                .inheritIO()
                .start();
        assertThat(limit.waitFor()).isZero();
    }
}
