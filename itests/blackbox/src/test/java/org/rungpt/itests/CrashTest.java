package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kill -9} at random moments under load: no acknowledged message is lost, none is there twice, no call starts twice, the database
 * is whole, and the server is soon ready again.
 */
@Tag("docker")
class CrashTest {
    private static final int ROUNDS = RunGpt.SOAK ? 200 : 20;
    private static final int CLIENTS = 4;
    private static final Duration READY_AGAIN = Duration.ofSeconds(5);

    /** A message that a client sent, with an id that it chose. */
    private record Sent(String conversation, String id, String text) {}

    @TempDir
    Path directory;

    private final Set<Sent> acknowledged = ConcurrentHashMap.newKeySet();
    /** Those on whose answer the crash came; their clients say them again. */
    private final Queue<Sent> uncertain = new ConcurrentLinkedQueue<>();

    @Test
    void killsLoseNoAcknowledgedMessageAndDoubleNone() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Duration> starts = new ArrayList<>();
        try (ModelServer model = new ModelServer((request, answer) -> {
                    if (request.last().contains("<result-")) {
                        answer.text("The call is done.");
                    } else {
                        answer.text("Working. ".repeat(20)
                                + request.call(
                                        "c" + request.everything().length(),
                                        "system.shell",
                                        "command",
                                        "echo ran; sleep 0.2"));
                    }
                });
                RunGpt rungpt = new RunGpt(directory.resolve("data"))
                        .with("OPENAI_BASE_URL", model.url())
                        .with("OPENAI_API_KEY", "sk-test")) {
            rungpt.start("--model", "openai/scripted");
            RunGpt.awaitClassArchive();
            for (int round = 0; round < ROUNDS; round++) {
                List<Thread> clients = clients(rungpt, "round " + round);
                // the moment of the crash is meant to be random
                TimeUnit.MILLISECONDS.sleep(200 + random.nextInt(2500));
                rungpt.kill();
                for (Thread client : clients) {
                    client.join();
                }
                assertThat(integrity(asItWasLeft(rungpt.data, round)))
                        .as("seed %d: the database after kill %d", seed, round + 1)
                        .isEqualTo("ok");
                long began = System.nanoTime();
                rungpt.start();
                starts.add(Duration.ofNanos(System.nanoTime() - began));
                sayAgain(rungpt);
            }
            List<JsonNode> conversations = conversations(rungpt);
            List<JsonNode> events = new ArrayList<>();
            for (JsonNode conversation : conversations) {
                events.addAll(events(rungpt, conversation.path("id").asText()));
            }
            List<String> messages = all(events, "message.user", "/data/message");
            List<String> calls = all(events, "call.started", "/data/call");
            starts.sort(null);
            System.out.printf(
                    "%d kills, %d acknowledged messages, %d calls started; ready again after %d ms (median), %d ms (worst)%n",
                    ROUNDS,
                    acknowledged.size(),
                    calls.size(),
                    starts.get(starts.size() / 2).toMillis(),
                    starts.get(starts.size() - 1).toMillis());
            assertThat(acknowledged).as("seed %d: load", seed).hasSizeGreaterThan(ROUNDS);
            assertThat(messages)
                    .as("seed %d: messages that are there", seed)
                    .containsAll(acknowledged.stream().map(Sent::id).toList())
                    .doesNotHaveDuplicates();
            assertThat(all(events, "message.user", "/data/text"))
                    .as("seed %d: no text is there twice", seed)
                    .doesNotHaveDuplicates();
            assertThat(calls).as("seed %d: calls start once", seed).isNotEmpty().doesNotHaveDuplicates();
            assertThat(starts).as("seed %d: ready again", seed).allMatch(start -> start.compareTo(READY_AGAIN) <= 0);
            assertThat(rungpt.script("stop").exit()).isZero();
            assertThat(integrity(rungpt.data)).as("seed %d: the database", seed).isEqualTo("ok");
        }
    }

    private List<Thread> clients(RunGpt rungpt, String round) {
        List<Thread> clients = new ArrayList<>();
        for (int client = 0; client < CLIENTS; client++) {
            String label = round + " client " + client;
            clients.add(new Thread(() -> talk(rungpt, label)));
        }
        clients.forEach(Thread::start);
        return clients;
    }

    private void talk(RunGpt rungpt, String label) {
        try {
            String conversation = rungpt.conversation();
            for (int i = 0; i < 1000; i++) {
                String text = label + " message " + i;
                say(rungpt, new Sent(conversation, text.replace(' ', '-'), text));
            }
        } catch (IOException | AssertionError e) {
            // the crash
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void say(RunGpt rungpt, Sent message) throws IOException, InterruptedException {
        uncertain.add(message);
        rungpt.say(message.conversation(), message.text(), message.id());
        acknowledged.add(message);
        uncertain.remove(message);
    }

    /** A client that got no answer says it again with the same id. */
    private void sayAgain(RunGpt rungpt) throws IOException, InterruptedException {
        for (Sent message = uncertain.poll(); message != null; message = uncertain.poll()) {
            rungpt.say(message.conversation(), message.text(), message.id());
            acknowledged.add(message);
        }
    }

    private static List<JsonNode> conversations(RunGpt rungpt) throws IOException, InterruptedException {
        List<JsonNode> conversations = new ArrayList<>();
        rungpt.get("/api/conversations?limit=1000").path("conversations").forEach(conversations::add);
        return conversations;
    }

    private static List<JsonNode> events(RunGpt rungpt, String conversation) throws IOException, InterruptedException {
        List<JsonNode> events = new ArrayList<>();
        rungpt.get("/api/conversations/" + conversation + "/events?limit=10000")
                .path("events")
                .forEach(events::add);
        return events;
    }

    private static List<String> all(List<JsonNode> events, String type, String field) {
        return events.stream()
                .filter(RunGpt.type(type))
                .map(event -> event.at(field).asText())
                .toList();
    }

    /** A copy, for whoever opens a database mends it: that is for the server to do. */
    private Path asItWasLeft(Path data, int round) throws IOException {
        Path copy = Files.createDirectory(directory.resolve("killed" + round));
        for (String file : List.of("conversations.db", "conversations.db-wal")) {
            if (Files.exists(data.resolve(file))) {
                Files.copy(data.resolve(file), copy.resolve(file));
            }
        }
        return copy;
    }

    /** What SQLite itself says of the database, read by another program than the server. */
    private static String integrity(Path data) throws IOException, InterruptedException {
        Process check = new ProcessBuilder(
                        "python3",
                        "-c",
                        "import sqlite3, sys; print(*[row[0] for row in sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check')])",
                        data.resolve("conversations.db").toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(check.waitFor()).as(said).isZero();
        return said.strip();
    }
}
