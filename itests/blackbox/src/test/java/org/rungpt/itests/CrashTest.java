package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} at any moment loses no acknowledged message, and runs no call twice. */
@Tag("docker")
class CrashTest {
    private static final int ROUNDS = RunGpt.SOAK ? 20 : 3;

    @TempDir
    Path directory;

    @Test
    void killsLoseNoAcknowledgedMessage() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (ModelServer model = new ModelServer((request, answer) -> {
            if (request.last().contains("<result-")) {
                answer.text("The call is done.");
            } else {
                answer.text("Working. ".repeat(20)
                        + request.call(
                                "c" + request.everything().length(), "system.shell", "command", "echo ran; sleep 0.2"));
            }
        })) {
            RunGpt rungpt = new RunGpt(directory.resolve("data"))
                    .with("OPENAI_BASE_URL", model.url())
                    .with("OPENAI_API_KEY", "sk-test");
            Map<String, String> acknowledged = new ConcurrentHashMap<>(new LinkedHashMap<>());
            for (int round = 0; round < ROUNDS; round++) {
                rungpt.start("--model", "openai/scripted");
                List<Thread> clients = new ArrayList<>();
                for (int client = 0; client < 4; client++) {
                    String label = "round " + round + " client " + client;
                    clients.add(new Thread(() -> talk(rungpt, label, acknowledged)));
                }
                clients.forEach(Thread::start);
                // the moment of the crash is meant to be random
                TimeUnit.MILLISECONDS.sleep(200 + random.nextInt(2500));
                rungpt.kill();
                for (Thread client : clients) {
                    client.join();
                }
            }
            rungpt.start("--model", "openai/scripted");
            Map<String, List<JsonNode>> logs = new LinkedHashMap<>();
            for (Map.Entry<String, String> message : acknowledged.entrySet()) {
                String conversation = message.getValue();
                if (!logs.containsKey(conversation)) {
                    logs.put(conversation, events(rungpt, conversation));
                }
                assertThat(logs.get(conversation).stream()
                                .filter(RunGpt.type("message.user"))
                                .filter(event ->
                                        event.at("/data/message").asText().equals(message.getKey())))
                        .as("seed %s: message %s of %s", seed, message.getKey(), conversation)
                        .hasSize(1);
            }
            logs.forEach((conversation, events) -> assertThat(
                            events.stream().filter(RunGpt.type("call.started")).map(event -> event.at("/data/call")
                                    .asText()))
                    .as("calls of %s run once", conversation)
                    .doesNotHaveDuplicates());
            assertThat(acknowledged).isNotEmpty();
            rungpt.close();
        }
    }

    private static List<JsonNode> events(RunGpt rungpt, String conversation) throws IOException, InterruptedException {
        List<JsonNode> events = new ArrayList<>();
        rungpt.get("/api/conversations/" + conversation + "/events?limit=10000")
                .path("events")
                .forEach(events::add);
        return events;
    }

    private static void talk(RunGpt rungpt, String label, Map<String, String> acknowledged) {
        try {
            String conversation = rungpt.conversation();
            for (int i = 0; i < 1000; i++) {
                acknowledged.put(rungpt.say(conversation, label + " message " + i), conversation);
            }
        } catch (IOException | AssertionError e) {
            // the crash
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
