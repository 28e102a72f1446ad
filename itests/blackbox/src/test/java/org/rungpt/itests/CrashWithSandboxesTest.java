package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} while many calls run in sandboxes: what runs is taken up again, what nobody needs is gone, what is others' stays. */
@Tag("docker")
class CrashWithSandboxesTest {
    private static final int ROUNDS = RunGpt.SOAK ? 100 : 3;
    private static final int CONVERSATIONS = 5;
    /** In each conversation three calls in the background and one that the model waits for: 20 altogether. */
    private static final int CALLS = 4;

    private static final int LINES = 120;
    private static final Duration CLEAN = Duration.ofSeconds(10);
    private static final String MANIFEST = """
            {"schema": 1, "name": "counter", "title": "Counter", "version": "1.0.0", "description": "Counts aloud.",
             "tasks": [{"name": "count", "description": "Counts aloud.", "effects": "none", "background": true, "timeout": 120,
                        "parameters": {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"], "additionalProperties": false}}]}
            """;
    private static final String COUNT = """
            #!/usr/bin/env python3
            import json, sys, time
            name, lines = json.load(sys.stdin)["to"].split()
            for number in range(1, int(lines) + 1):
                print(name, "line", number, flush=True)
                time.sleep(0.1)
            """;

    @TempDir
    Path directory;

    private final List<String> planted = new ArrayList<>();

    @Test
    @DisplayName(
            "I.97 kill -9 with 20 calls in flight leaves no sandbox without a lease, loses no output and touches nothing of others")
    void killsWithCallsInFlightLeaveNothingBehind() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (GitServer git = new GitServer(directory.resolve("git"));
                ModelServer model = new ModelServer(CrashWithSandboxesTest::answer);
                RunGpt rungpt = new RunGpt(directory.resolve("data"))
                        .with("OPENAI_BASE_URL", model.url())
                        .with("OPENAI_API_KEY", "sk-test")
                        .with("RUNGPT_GIT_BASE_URL", git.url())) {
            git.commit("acme/counter", Map.of("manifest.json", MANIFEST, "run", COUNT));
            rungpt.start("--model", "openai/scripted");
            RunGpt.Ended installed = rungpt.script("shell", "rungpt:install acme/counter");
            assertThat(installed.exit()).as(installed.toString()).isZero();
            ObjectNode policy = ModelServer.JSON.createObjectNode();
            policy.putArray("rules").addObject().put("effect", "allow").put("match", "acme/counter.*");
            rungpt.put("/api/policy", policy);
            OnTheEngine engine = new OnTheEngine(rungpt);
            List<String> conversations = List.of();
            Map<String, String> decoys = Map.of();
            for (int round = 0; round < ROUNDS; round++) {
                String name = "seed " + seed + " round " + round + ": ";
                if (round % 10 == 0) {
                    for (String old : conversations) {
                        rungpt.delete("/api/conversations/" + old);
                    }
                    conversations = warmConversations(rungpt);
                }
                if (decoys.isEmpty()) {
                    decoys = decoys(engine);
                }
                Map<String, Long> after = begin(rungpt, conversations, "round" + round);
                // One more whose sandbox is on its way.
                String late = rungpt.conversation();
                rungpt.say(late, "late" + round + " 1");
                leaveALeak(engine);
                Set<String> before = engine.containers();
                TimeUnit.MILLISECONDS.sleep(random.nextInt(1000)); // the moment of the crash is meant to be random
                rungpt.kill();
                rungpt.start();
                long ready = System.nanoTime();
                // What is promised is promised for this moment, whether the calls have ended by then or not.
                TimeUnit.NANOSECONDS.sleep(CLEAN.toNanos() - (System.nanoTime() - ready));
                assertThat(engine.withoutLease(before))
                        .as(name + "what nobody looks after")
                        .isEmpty();
                for (String conversation : conversations) {
                    isComplete(name, rungpt, conversation, after.get(conversation));
                }
                assertThat(states(decoys.keySet())).as(name + "what is others'").isEqualTo(decoys);
                rungpt.delete("/api/conversations/" + late);
            }
            theCheckFindsLeaks(engine);
            for (String conversation : conversations) {
                rungpt.delete("/api/conversations/" + conversation);
            }
            assertThat(rungpt.script("stop").exit()).isZero();
            assertThat(engine.containers()).as("containers after the stop").isEmpty();
            assertThat(engine.volumes()).as("volumes after the stop").isEmpty();
            assertThat(states(decoys.keySet()))
                    .as("what is others', after the stop")
                    .isEqualTo(decoys);
        } finally {
            removeWhatWasPlanted();
        }
    }

    /** The model: makes all calls of a round in one message. */
    private static void answer(ModelServer.Request request, ModelServer.Answer answer) throws IOException {
        String said = request.last();
        if (said.contains("<result-") || !said.matches("\\w+ \\d+")) {
            answer.text("Fine.");
            return;
        }
        String name = said.split(" ")[0];
        StringBuilder calls = new StringBuilder();
        for (int i = 1; i < CALLS; i++) {
            calls.append(
                    request.call(name + "b" + i, "counter.count", "to", name + "b" + i + " " + said.split(" ")[1]));
        }
        String loop = "for i in $(seq " + said.split(" ")[1] + "); do echo " + name + "f line $i; sleep 0.1; done";
        answer.text(calls + request.call(name + "f", "system.shell", "command", loop));
    }

    private static List<String> warmConversations(RunGpt rungpt) throws IOException, InterruptedException {
        List<String> conversations = new ArrayList<>();
        for (int i = 0; i < CONVERSATIONS; i++) {
            String conversation = rungpt.conversation();
            conversations.add(conversation);
            rungpt.say(conversation, "warm" + i + " 1");
        }
        for (String conversation : conversations) {
            Set<String> ended = new HashSet<>();
            rungpt.eventsUntil(
                    conversation,
                    0,
                    event -> RunGpt.type("call.finished").test(event)
                            && ended.add(event.at("/data/call").asText())
                            && ended.size() == CALLS);
        }
        return conversations;
    }

    /** Starts the calls and waits until each of them has said something. @return after which event the round began */
    private static Map<String, Long> begin(RunGpt rungpt, List<String> conversations, String name)
            throws IOException, InterruptedException {
        Map<String, Long> after = new HashMap<>();
        for (String conversation : conversations) {
            after.put(
                    conversation,
                    rungpt.get("/api/conversations/" + conversation)
                            .path("lastSeq")
                            .asLong());
            rungpt.say(conversation, name + "c" + after.size() + " " + LINES);
        }
        int inFlight = 0;
        for (String conversation : conversations) {
            Set<String> speaking = new HashSet<>();
            rungpt.eventsUntil(
                    conversation,
                    after.get(conversation),
                    event -> RunGpt.type("call.output.delta").test(event)
                            && speaking.add(event.at("/data/call").asText())
                            && speaking.size() == CALLS);
            inFlight += speaking.size();
        }
        assertThat(inFlight).as("calls in flight").isEqualTo(20);
        return after;
    }

    /** Every line of every call is there once, and every call has ended once. */
    private static void isComplete(String round, RunGpt rungpt, String conversation, long after)
            throws IOException, InterruptedException {
        Set<String> ended = new HashSet<>();
        List<JsonNode> events = rungpt.eventsUntil(
                conversation,
                after,
                event -> RunGpt.type("call.finished").test(event)
                        && ended.add(event.at("/data/call").asText())
                        && ended.size() == CALLS);
        Map<String, String> refs = new HashMap<>();
        Map<String, StringBuilder> said = new HashMap<>();
        Map<String, JsonNode> ends = new HashMap<>();
        Set<String> background = new HashSet<>();
        for (JsonNode event : events) {
            JsonNode data = event.path("data");
            String call = data.path("call").asText();
            switch (event.path("type").asText()) {
                case "call.requested" -> refs.put(call, data.path("ref").asText());
                case "call.background" -> background.add(call);
                case "call.output" -> {
                    StringBuilder text = said.computeIfAbsent(call, key -> new StringBuilder());
                    assertThat(data.path("offset").asInt())
                            .as(round + "the offset of output of " + refs.get(call))
                            .isEqualTo(text.length());
                    text.append(data.path("text").asText());
                }
                case "call.finished" ->
                    assertThat(ends.put(call, data))
                            .as(round + refs.get(call) + " ended before")
                            .isNull();
                default -> {}
            }
        }
        assertThat(background).as(round + "calls in the background").hasSizeGreaterThanOrEqualTo(CALLS - 1);
        refs.forEach((call, ref) -> {
            assertThat(ends.get(call).path("status").asText())
                    .as(round + ref + ": " + ends.get(call))
                    .isEqualTo("completed");
            assertThat(said.getOrDefault(call, new StringBuilder()).toString())
                    .as(round + "output of " + ref)
                    .isEqualTo(IntStream.rangeClosed(1, LINES)
                            .mapToObj(line -> ref + " line " + line + "\n")
                            .collect(Collectors.joining()));
        });
        assertThat(refs).as(round + "calls").hasSize(CALLS);
    }

    // Decoys and leaks

    /** Containers and volumes that look like this installation's and are not. @return what they are like */
    private Map<String, String> decoys(OnTheEngine engine) throws IOException, InterruptedException {
        String name = "rungpt-" + engine.instance().substring(0, 8) + "-decoy";
        String other = "rungpt.instance=00000000-0000-4000-8000-000000000097";
        plant(engine, "run", name + "1");
        plant(
                engine,
                "run",
                name + "2",
                "--label",
                other,
                "--label",
                "rungpt.sandbox=decoy2",
                "--label",
                "rungpt.lease=30");
        plant(engine, "create", name + "3", "--label", "rungpt.instance=");
        volume(name + "4");
        volume(name + "5", "--label", other);
        Map<String, String> decoys = states(Set.of(name + "1", name + "2", name + "3", name + "4", name + "5"));
        assertThat(decoys.values()).as("decoys are there").doesNotContain("");
        return decoys;
    }

    private static Map<String, String> states(Set<String> names) throws IOException, InterruptedException {
        Map<String, String> states = new HashMap<>();
        for (String name : names) {
            String container = OnTheEngine.docker(
                    "inspect",
                    "--type",
                    "container",
                    "--format",
                    "{{.Id}} {{.State.Status}} {{.State.StartedAt}}",
                    name);
            states.put(name, container + OnTheEngine.docker("volume", "inspect", "--format", "{{.CreatedAt}}", name));
        }
        return states;
    }

    /** What a server leaves that dies amid the making of a sandbox. */
    private void leaveALeak(OnTheEngine engine) throws IOException, InterruptedException {
        String label = "rungpt.instance=" + engine.instance();
        String name = "rungpt-" + engine.instance().substring(0, 8) + "-leak" + planted.size();
        plant(engine, "create", name, "--label", label, "--label", "rungpt.sandbox=" + name);
        volume(name + "v", "--label", label);
    }

    private void theCheckFindsLeaks(OnTheEngine engine) throws IOException, InterruptedException {
        String label = "rungpt.instance=" + engine.instance();
        String name = "rungpt-" + engine.instance().substring(0, 8) + "-planted";
        assertThat(engine.withoutLease(Set.of())).isEmpty();
        plant(engine, "run", name, "--label", label, "--label", "rungpt.sandbox=" + name);
        volume(name + "v", "--label", label);
        planted.add(name + "n");
        OnTheEngine.docker("network", "create", "--internal", "--label", label, name + "n");
        Set<String> found = engine.withoutLease(Set.of());
        assertThat(found).as("the check finds planted leaks").hasSize(3);
        assertThat(found)
                .anyMatch(leak -> leak.startsWith("container /" + name))
                .contains("volume " + name + "v");
        removeWhatWasPlanted(name);
        assertThat(engine.withoutLease(Set.of())).isEmpty();
    }

    private void plant(OnTheEngine engine, String how, String name, String... options)
            throws IOException, InterruptedException {
        planted.add(name);
        List<String> command = new ArrayList<>(List.of(how, "--name", name, "--network", "none"));
        if (how.equals("run")) {
            command.add("--detach");
        }
        command.addAll(List.of(options));
        command.addAll(List.of("--entrypoint", "sleep", engine.image(), "infinity"));
        OnTheEngine.docker(command.toArray(String[]::new));
    }

    private void volume(String name, String... options) throws IOException, InterruptedException {
        planted.add(name);
        List<String> command = new ArrayList<>(List.of("volume", "create"));
        command.addAll(List.of(options));
        command.add(name);
        OnTheEngine.docker(command.toArray(String[]::new));
    }

    private void removeWhatWasPlanted(String... prefix) throws IOException, InterruptedException {
        for (String name : planted) {
            if (prefix.length == 0 || name.startsWith(prefix[0])) {
                OnTheEngine.docker("rm", "--force", "--volumes", name);
                OnTheEngine.docker("volume", "rm", "--force", name);
                OnTheEngine.docker("network", "rm", name);
            }
        }
    }
}
