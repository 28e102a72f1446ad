package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An action from a Git repository: installed, known in the next turn, called, updated, removed; nothing restarts. */
@Tag("docker")
class InstallTest {
    private static final String MANIFEST = """
            {"schema": 1, "name": "oracle", "title": "Oracle", "version": "1.0.0", "description": "Tells the word of the day.",
             "tasks": [{"name": "word", "description": "The word of the day.", "effects": "none",
                        "parameters": {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"], "additionalProperties": false}}]}
            """;

    @TempDir
    Path directory;

    @Test
    void anActionIsInstalledCalledUpdatedAndRemovedDuringAConversation() throws Exception {
        try (GitServer git = new GitServer(directory.resolve("git"));
                ModelServer model = new ModelServer((request, answer) -> answer.text("hello"));
                RunGpt rungpt = new RunGpt(directory.resolve("data"))
                        .with("OPENAI_BASE_URL", model.url())
                        .with("OPENAI_API_KEY", "sk-test")
                        .with("RUNGPT_GIT_BASE_URL", git.url())) {
            git.commit("acme/oracle", Map.of("manifest.json", MANIFEST, "run", "#!/bin/sh\necho \"first word\"\n"));
            rungpt.start("--model", "openai/scripted");
            String conversation = rungpt.conversation();
            rungpt.say(conversation, "Hi.");
            rungpt.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
            assertThat(model.nextRequest().everything()).doesNotContain("oracle.word");

            RunGpt.Ended installed = rungpt.script("shell", "rungpt:install acme/oracle");
            assertThat(installed.exit()).as(installed.toString()).isZero();
            assertThat(word(rungpt, model, conversation, "w1")).contains("first word");

            git.commit("acme/oracle", Map.of("run", "#!/bin/sh\necho \"second word\"\n"));
            assertThat(word(rungpt, model, conversation, "w2"))
                    .as("pinned to the commit")
                    .contains("first word");
            RunGpt.Ended updated = rungpt.script("shell", "rungpt:update acme/oracle");
            assertThat(updated.exit()).as(updated.toString()).isZero();
            assertThat(word(rungpt, model, conversation, "w3")).contains("second word");

            RunGpt.Ended removed = rungpt.script("shell", "rungpt:uninstall acme/oracle");
            assertThat(removed.exit()).as(removed.toString()).isZero();
            assertThat(word(rungpt, model, conversation, "w4")).contains("invalid");
        }
    }

    @Test
    void aRepositoryThatIsNoActionIsRefusedInOneLine() throws Exception {
        try (GitServer git = new GitServer(directory.resolve("git"));
                RunGpt rungpt = new RunGpt(directory.resolve("data")).with("RUNGPT_GIT_BASE_URL", git.url())) {
            git.commit("acme/empty", Map.of("README.md", "nothing"));
            rungpt.start();
            for (String reference :
                    List.of("acme/empty", "acme/missing", "acme/empty@v9", "../../etc", "acme/empty@--upload-pack=x")) {
                RunGpt.Ended refused = rungpt.script("shell", "rungpt:install " + reference);
                assertThat(refused.exit()).as(refused.toString()).isNotZero();
                assertThat(refused.out() + refused.err()).as(reference).doesNotContain("\tat ");
            }
            assertThat(rungpt.get("/api/actions").path("actions"))
                    .allMatch(action -> action.path("builtIn").asBoolean());
        }
    }

    /** Lets the model call the action, allows it once, and gives the text of the result. */
    private static String word(RunGpt rungpt, ModelServer model, String conversation, String ref) throws Exception {
        model.script((request, answer) -> {
            if (request.last().contains("<result-")) {
                answer.text("thanks");
            } else {
                answer.text(request.call(ref, "oracle.word", "to", "me"));
            }
        });
        model.requests.clear();
        long before =
                rungpt.get("/api/conversations/" + conversation).path("lastSeq").asLong();
        rungpt.say(conversation, "Ask the oracle.");
        List<JsonNode> events = rungpt.eventsUntil(
                conversation, before, RunGpt.type("approval.requested").or(RunGpt.type("turn.finished")));
        JsonNode last = events.get(events.size() - 1);
        if (last.path("type").asText().equals("approval.requested")) {
            rungpt.post(
                    "/api/conversations/" + conversation + "/calls/"
                            + last.at("/data/call").asText() + "/approval",
                    ModelServer.JSON.createObjectNode().put("decision", "allow"));
            events = rungpt.eventsUntil(conversation, before, RunGpt.type("turn.finished"));
        }
        model.nextRequest();
        return events.stream()
                .filter(RunGpt.type("message.results"))
                .findFirst()
                .orElseThrow()
                .path("data")
                .toString();
    }
}
