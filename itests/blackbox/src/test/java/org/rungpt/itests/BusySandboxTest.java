package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
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
    private int processes;
    private int mostProcesses;
    private long leastMemory;

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
    @DisplayName(
            "A.1 while a fork bomb goes off the server is healthy, the host sees little of it, and the next call works")
    void theServerIsHealthyBesideAForkBomb() throws Exception {
        String conversation = server.conversation();
        List<Long> took = whileItRuns(
                conversation,
                "b() { b | b & b; }; b 2>/dev/null; while :; do sleep 99 & done",
                HttpRequest.newBuilder(URI.create(server.url() + "/healthz")).build());
        assertThat(slowest(took, 1)).isLessThan(Duration.ofMillis(500));
        System.out.printf(
                "fork bomb: at most %d more processes, slowest of %d answers %d ms%n",
                mostProcesses - processes, took.size(), slowest(took, 1).toMillis());
        assertThat(mostProcesses - processes).as("processes more than before").isLessThan(200);
        JsonNode before = server.get("/api/conversations/" + conversation + "/events?limit=10000")
                .path("events");
        long after = before.get(before.size() - 1).path("seq").asLong();
        server.say(conversation, "/run system.shell command=\"echo all is well\"");
        assertThat(server.eventsUntil(conversation, after, RunGpt.type("turn.finished"))
                        .toString())
                .contains("all is well");
    }

    @Test
    @DisplayName(
            "A.2 while a program eats all the memory that it gets the server is healthy and the host keeps its own")
    void theServerIsHealthyBesideAMemoryHog() throws Exception {
        HttpRequest health =
                HttpRequest.newBuilder(URI.create(server.url() + "/healthz")).build();
        // The requests cost memory too: the same of them beside a call that needs none.
        whileItRuns(server.conversation(), "sleep 100", health);
        long usual = leastMemory;
        whileItRuns(server.conversation(), "tail /dev/zero; sleep 2", health);
        long beside = leastMemory;
        List<Long> took = whileItRuns(server.conversation(), "while :; do tail /dev/zero; done", health);
        System.out.printf(
                "memory hog: at most %d MiB less for others, slowest answer %d ms%n",
                usual - beside >> 20, slowest(took, 1).toMillis());
        assertThat(slowest(took, 0.99)).isLessThan(Duration.ofMillis(500));
        assertThat(usual - beside).as("bytes of memory that others lost").isLessThan(600L << 20);
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
        // Its sandbox is there, and the pool is full again.
        server.say(conversation, "/run system.shell command=\"sleep 3\"");
        List<JsonNode> first = server.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
        long after = first.get(first.size() - 1).path("seq").asLong();
        server.say(
                conversation,
                "/run system.shell "
                        + ModelServer.JSON
                                .createObjectNode()
                                .put("command", command)
                                .put("timeout", RunGpt.SOAK ? 20 : 6));
        processes = processes();
        mostProcesses = processes;
        leastMemory = memory();
        server.eventsUntil(conversation, after, RunGpt.type("call.started"));
        CompletableFuture<Void> over = CompletableFuture.runAsync(() -> {
            try {
                server.eventsUntil(conversation, after, RunGpt.type("turn.finished"));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        List<Long> took = new ArrayList<>();
        while (!over.isDone()) {
            long began = System.nanoTime();
            assertThat(http.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
            took.add(System.nanoTime() - began);
            mostProcesses = Math.max(mostProcesses, processes());
            leastMemory = Math.min(leastMemory, memory());
        }
        over.get(1, TimeUnit.SECONDS);
        assertThat(took).hasSizeGreaterThan(20);
        return took;
    }

    /** How many there are on this machine. */
    private static int processes() throws IOException {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            int count = 0;
            for (Path process : all) {
                count += process.getNameCount() - 1;
            }
            return count;
        }
    }

    /** Bytes that programs can still get on this machine. */
    private static long memory() throws IOException {
        return Files.readAllLines(Path.of("/proc/meminfo")).stream()
                .filter(line -> line.startsWith("MemAvailable:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElseThrow();
    }

    private static Duration slowest(List<Long> took, double share) {
        return Duration.ofNanos(took.stream().sorted().toList().get((int) ((took.size() - 1) * share)));
    }
}
