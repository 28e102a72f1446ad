package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a sandbox does with its share of the machine, the server goes on answering. */
@Tag("docker")
class BusySandboxTest {
    @TempDir
    static Path data;

    private static RunGpt server;

    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeAll
    static void start() throws Exception {
        server = new RunGpt(data).start();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Test
    @DisplayName("A.1 while a fork bomb goes off the server is healthy, and the next call works")
    void theServerIsHealthyBesideAForkBomb() throws Exception {
        String conversation = server.conversation();
        List<Long> took = whileItRuns(
                conversation,
                "b() { b | b & b; }; b 2>/dev/null; while :; do sleep 99 & done",
                HttpRequest.newBuilder(URI.create(server.url() + "/healthz")).build());
        assertThat(slowest(took, 0.99)).isLessThan(Duration.ofMillis(500));
        JsonNode before = server.get("/api/conversations/" + conversation + "/events?limit=10000")
                .path("events");
        long after = before.get(before.size() - 1).path("seq").asLong();
        server.say(conversation, "/run system.shell command=\"echo all is well\"");
        assertThat(server.eventsUntil(conversation, after, RunGpt.type("turn.finished"))
                        .toString())
                .contains("all is well");
    }

    @Test
    @DisplayName("A.2 while a program eats all the memory that it gets the server is healthy")
    void theServerIsHealthyBesideAMemoryHog() throws Exception {
        List<Long> took = whileItRuns(
                server.conversation(),
                "while :; do tail /dev/zero; done",
                HttpRequest.newBuilder(URI.create(server.url() + "/healthz")).build());
        assertThat(slowest(took, 0.99)).isLessThan(Duration.ofMillis(500));
    }

    @Test
    @DisplayName("A.3 while eight loops are busy 95 of 100 requests are answered within 300 ms")
    void theServerAnswersBesideBusyLoops() throws Exception {
        List<Long> took = whileItRuns(
                server.conversation(),
                "for i in 1 2 3 4 5 6 7 8; do while :; do :; done & done; wait",
                server.request("/api/conversations").build());
        assertThat(slowest(took, 0.95)).isLessThan(Duration.ofMillis(300));
    }

    /** How long each request took, in nanoseconds, while the command runs to its time limit. */
    private List<Long> whileItRuns(String conversation, String command, HttpRequest request) throws Exception {
        server.say(
                conversation,
                "/run system.shell "
                        + ModelServer.JSON
                                .createObjectNode()
                                .put("command", command)
                                .put("timeout", RunGpt.SOAK ? 20 : 6));
        server.eventsUntil(conversation, 0, RunGpt.type("call.started"));
        CompletableFuture<Void> over = CompletableFuture.runAsync(() -> {
            try {
                server.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        List<Long> took = new ArrayList<>();
        while (!over.isDone()) {
            long began = System.nanoTime();
            assertThat(http.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
            took.add(System.nanoTime() - began);
        }
        over.get(1, TimeUnit.SECONDS);
        assertThat(took).hasSizeGreaterThan(20);
        return took;
    }

    private static Duration slowest(List<Long> took, double share) {
        return Duration.ofNanos(took.stream().sorted().toList().get((int) (took.size() * share)));
    }
}
