package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is deleted on a whole server is gone while it runs. */
class DeleteTest {
    private static final String WORD = "deletedcanarynightingale";

    @TempDir
    Path directory;

    @Test
    void whatIsDeletedIsInNoFileWhileTheServerRuns() throws Exception {
        try (ModelServer model = new ModelServer((request, answer) -> answer.text("You said " + WORD + "."));
                RunGpt rungpt = new RunGpt(directory.resolve("data"))
                        .with("OPENAI_BASE_URL", model.url())
                        .with("OPENAI_API_KEY", "sk-test")
                        .start("--model", "openai/scripted")) {
            String id = rungpt.conversation();
            ObjectNode message = ModelServer.JSON.createObjectNode().put("text", "Remember " + WORD);
            message.putArray("attachments")
                    .addObject()
                    .put("name", WORD + ".txt")
                    .put(
                            "data",
                            Base64.getEncoder()
                                    .encodeToString(("In a file: " + WORD).getBytes(StandardCharsets.UTF_8)));
            rungpt.post("/api/conversations/" + id + "/messages", message);
            JsonNode last = null;
            for (JsonNode event : rungpt.eventsUntil(id, 0, RunGpt.type("turn.finished"))) {
                last = event;
            }
            String branch = rungpt.post(
                            "/api/conversations/" + id + "/branches",
                            ModelServer.JSON
                                    .createObjectNode()
                                    .put("seq", last.path("seq").asLong()))
                    .path("id")
                    .asText();
            var traces = new Traces(WORD);
            assertThat(traces.under(rungpt.data)).isNotEmpty();

            rungpt.delete("/api/conversations/" + branch + "?versions=true");

            assertThat(rungpt.get("/api/conversations?show=all").path("conversations"))
                    .isEmpty();
            assertThat(rungpt.get("/api/search?q=" + WORD).path("hits")).isEmpty();
            assertThat(traces.under(rungpt.data, "backups")).isEmpty();
            rungpt.delete("/api/conversations/" + id);
        }
    }
}
