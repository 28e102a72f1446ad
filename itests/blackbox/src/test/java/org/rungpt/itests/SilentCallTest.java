package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A call in a real sandbox may be silent as long as its manifest says. */
@Tag("docker")
class SilentCallTest {
    private static final String MANIFEST = """
            {"schema": 1, "name": "watch", "title": "Watch", "version": "1.0.0", "description": "Keeps watch.",
             "tasks": [{"name": "keep", "description": "Keeps watch.", "effects": "none", "timeout": 300, "idleTimeout": 8, "output": "events",
                        "parameters": {"type": "object", "properties": {"aloud": {"type": "boolean"}}, "required": ["aloud"]}}]}
            """;
    /** Longer than it may be silent, with pauses that are far shorter, also on a machine that stands still for some seconds. */
    private static final String KEEP = """
            #!/usr/bin/env python3
            import json, sys, time
            aloud = json.load(sys.stdin)["aloud"]
            print(json.dumps({"type": "text", "text": "begun"}), flush=True)
            for number in range(40):
                if aloud:
                    print(json.dumps({"type": "progress", "done": number}), flush=True)
                time.sleep(0.25 if aloud else 20)
            print(json.dumps({"type": "text", "text": " and done"}), flush=True)
            """;

    @TempDir
    Path directory;

    @Test
    void silenceEndsACallWithTheLimitAndProgressKeepsItAlive() throws Exception {
        try (GitServer git = new GitServer(directory.resolve("git"));
                ModelServer model = new ModelServer((request, answer) -> {
                    if (request.last().contains("<result-")) {
                        answer.text("thanks");
                    } else {
                        String aloud = request.last().contains("aloud") ? "true" : "false";
                        answer.text(request.call("w" + aloud, "watch.keep", "aloud", aloud));
                    }
                });
                RunGpt rungpt = new RunGpt(directory.resolve("data"))
                        .with("OPENAI_BASE_URL", model.url())
                        .with("OPENAI_API_KEY", "sk-test")
                        .with("RUNGPT_GIT_BASE_URL", git.url())) {
            git.commit("acme/watch", Map.of("manifest.json", MANIFEST, "run", KEEP));
            rungpt.start("--model", "openai/scripted");
            RunGpt.Ended installed = rungpt.script("shell", "rungpt:install acme/watch");
            assertThat(installed.exit()).as(installed.toString()).isZero();
            ObjectNode policy = ModelServer.JSON.createObjectNode();
            policy.putArray("rules").addObject().put("effect", "allow").put("match", "acme/watch.*");
            rungpt.put("/api/policy", policy);

            JsonNode aloud = end(rungpt, "Keep watch aloud.");
            assertThat(aloud.path("status").asText()).as(aloud.toString()).isEqualTo("completed");
            assertThat(aloud.path("durationMillis").asLong()).isGreaterThan(9000);

            JsonNode silent = end(rungpt, "Keep watch.");
            assertThat(silent.path("status").asText()).isEqualTo("failed");
            assertThat(silent.path("message").asText())
                    .isEqualTo(
                            "stopped after 8 s without any output (limit); print how it goes, or do less in one call");
        }
    }

    private static JsonNode end(RunGpt rungpt, String text) throws Exception {
        String conversation = rungpt.conversation();
        rungpt.say(conversation, text);
        List<JsonNode> events = rungpt.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
        return events.stream()
                .filter(RunGpt.type("call.finished"))
                .findFirst()
                .orElseThrow()
                .path("data");
    }
}
