package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One message goes all the way: user → model → call in a container → result → model → answer. */
@Tag("docker")
class MessageTest {
    @TempDir
    static Path data;

    static ModelServer model;
    static RunGpt rungpt;

    @BeforeAll
    static void start() throws Exception {
        model = new ModelServer((request, answer) -> answer.text("unscripted"));
        rungpt = new RunGpt(data.resolve("data"))
                .with("OPENAI_BASE_URL", model.url())
                .with("OPENAI_API_KEY", "sk-test-0123456789")
                .start("--model", "openai/scripted");
    }

    @AfterAll
    static void stop() throws Exception {
        rungpt.close();
        model.close();
    }

    @Test
    void aTagInTheAnswerBringsTheOutputIntoTheNextRequest() throws Exception {
        model.script((request, answer) -> {
            if (request.last().contains("<result-")) {
                answer.text("The container said: "
                        + request.last()
                                .lines()
                                .filter(line -> line.startsWith("proof-"))
                                .findFirst()
                                .orElse("nothing"));
            } else {
                answer.text(
                        "Let me look." + request.call("1", "system.shell", "command", "echo proof-$((6*7)); hostname"));
            }
        });
        model.requests.clear();
        String conversation = rungpt.conversation();
        rungpt.say(conversation, "Prove it.");
        List<JsonNode> events = rungpt.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));

        ModelServer.Request first = model.nextRequest();
        assertThat(first.authorization()).isEqualTo("Bearer sk-test-0123456789");
        assertThat(first.system())
                .contains(
                        "filesystem.read_file", "filesystem.write_file", "system.shell", "command", "path", "content");
        ModelServer.Request second = model.nextRequest();
        assertThat(second.last()).contains("proof-42").contains("completed");
        assertThat(RunGpt.answerText(events)).contains("The container said: proof-42");
        assertThat(events.get(events.size() - 1).at("/data/reason").asText()).isEqualTo("done");
    }

    @Test
    void filesStayInTheConversationsWorkspace() throws Exception {
        model.script((request, answer) -> {
            if (request.everything().contains("call-2")) {
                answer.text("done");
            } else if (request.last().contains("<result-")) {
                answer.text("call-2" + request.call("2", "filesystem.read_file", "path", "notes/a.md"));
            } else {
                String nonce = request.nonce();
                answer.text("<run-" + nonce
                        + " action=\"filesystem.write_file\" id=\"1\">\n<arg name=\"path\">notes/a.md</arg>\n"
                        + "<arg name=\"content\">\nraw <b> </arg> ``` {{ }}\n</arg>\n</run-" + nonce + ">\n");
            }
        });
        String conversation = rungpt.conversation();
        rungpt.say(conversation, "Write and read.");
        List<JsonNode> events = rungpt.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
        List<JsonNode> results =
                events.stream().filter(RunGpt.type("message.results")).toList();
        assertThat(results).hasSize(2);
        assertThat(results.get(1).at("/data/results/0/text").asText()).contains("raw <b> </arg> ``` {{ }}");
    }

    @Test
    void outputIsStreamedWhileTheProgramRuns() throws Exception {
        model.script((request, answer) -> {
            if (request.last().contains("<result-")) {
                answer.text("ok");
            } else {
                answer.text(request.call(
                        "1",
                        "system.shell",
                        "command",
                        "echo early; while [ ! -e /workspace/go ]; do sleep 0.05; done; echo late"));
            }
        });
        String conversation = rungpt.conversation();
        rungpt.say(conversation, "Stream.");
        List<JsonNode> sofar = rungpt.eventsUntil(
                conversation,
                0,
                event -> event.path("type").asText().startsWith("call.output")
                        && event.at("/data/text").asText().contains("early"));
        assertThat(sofar).noneMatch(RunGpt.type("call.finished"));
        rungpt.post("/api/conversations/" + conversation + "/stop", ModelServer.JSON.createObjectNode());
        List<JsonNode> events = rungpt.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
        assertThat(events.stream()
                        .filter(RunGpt.type("call.finished"))
                        .findFirst()
                        .orElseThrow()
                        .at("/data/status")
                        .asText())
                .isEqualTo("cancelled");
        assertThat(events.get(events.size() - 1).at("/data/reason").asText()).isEqualTo("stopped");
    }

    @Test
    void stopEndsTheModelsStream() throws Exception {
        CountDownLatch gone = new CountDownLatch(1);
        model.script((request, answer) -> {
            try {
                for (int i = 0; i < 100_000; i++) {
                    answer.text("word ");
                    TimeUnit.MILLISECONDS.sleep(5);
                }
            } finally {
                gone.countDown();
            }
        });
        String conversation = rungpt.conversation();
        rungpt.say(conversation, "Never end.");
        rungpt.eventsUntil(conversation, 0, RunGpt.type("message.text"));
        rungpt.post("/api/conversations/" + conversation + "/stop", ModelServer.JSON.createObjectNode());
        assertThat(gone.await(60, TimeUnit.SECONDS))
                .as("the upstream connection was closed")
                .isTrue();
        List<JsonNode> events = rungpt.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
        assertThat(RunGpt.answerText(events)).contains("word word");
    }

    @Test
    void anInventedResultIsCutOff() throws Exception {
        model.script((request, answer) -> {
            if (request.last().contains("<result-")) {
                answer.text("real");
            } else {
                answer.text(request.call("1", "system.shell", "command", "echo honest")
                        + "The output was: INVENTED\n".repeat(50));
            }
        });
        String conversation = rungpt.conversation();
        rungpt.say(conversation, "Invent.");
        List<JsonNode> events = rungpt.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
        assertThat(RunGpt.answerText(events)).doesNotContain("INVENTED").contains("real");
        assertThat(events.stream()
                        .filter(RunGpt.type("message.finished"))
                        .findFirst()
                        .orElseThrow()
                        .at("/data/reason")
                        .asText())
                .isEqualTo("cut");
    }

    @Test
    void askTellsTheAnswerOnStdoutAndTheCallsOnStderr() throws Exception {
        model.script((request, answer) -> answer.text(
                request.last().contains("<result-")
                        ? "final words"
                        : request.call("1", "system.shell", "command", "echo inner-output")));
        RunGpt.Ended asked = rungpt.script("ask", "--model", "openai/scripted", "Go.");
        assertThat(asked.exit()).as(asked.toString()).isZero();
        assertThat(asked.out().trim()).endsWith("final words").doesNotContain("inner-output");
        assertThat(asked.err()).contains("system.shell").contains("inner-output");
    }

    @Test
    void askFailsWhenTheModelBreaksOff() throws Exception {
        model.script((request, answer) -> {
            answer.text("half an ans");
            answer.drop();
        });
        RunGpt.Ended asked = rungpt.script("ask", "--model", "openai/scripted", "Go.");
        assertThat(asked.exit()).isEqualTo(1);
        assertThat(asked.out()).contains("half an ans");
    }
}
