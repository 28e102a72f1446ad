package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a newcomer does first: start it without a key and ask the demo model something. */
@Tag("docker")
class FirstMinutesTest {
    @TempDir
    static Path data;

    static RunGpt rungpt;

    @BeforeAll
    static void start() throws Exception {
        rungpt = new RunGpt(data.resolve("data")).start();
    }

    @AfterAll
    static void stop() throws Exception {
        rungpt.close();
    }

    @Test
    void theDemoModelQuotesWhatOnlyTheContainerKnows() throws Exception {
        RunGpt.Ended asked = rungpt.script("ask", "--model", "demo/demo", "What machine are you running on?");
        assertThat(asked.exit()).as(asked.toString()).isZero();

        JsonNode conversation = rungpt.get("/api/conversations").at("/conversations/0");
        List<JsonNode> events = rungpt.eventsUntil(conversation.path("id").asText(), 0, RunGpt.type("turn.finished"));
        String output = text(events, "call.output");
        Matcher hostName = Pattern.compile("host name: (\\S+)").matcher(output);
        assertThat(hostName.find()).as("a container's host name in: " + output).isTrue();
        assertThat(asked.out()).contains(hostName.group(1)).contains("not an AI");
        assertThat(asked.err()).contains("system.");
    }

    @Test
    void theDemoModelQuotesARandomFile() throws Exception {
        RunGpt.Ended asked =
                rungpt.script("ask", "--model", "demo/demo", "Make a random file and tell me what is in it");
        assertThat(asked.exit()).as(asked.toString()).isZero();
        RunGpt.Ended again =
                rungpt.script("ask", "--model", "demo/demo", "Make a random file and tell me what is in it");
        assertThat(again.out()).isNotEqualTo(asked.out());
    }

    @Test
    void statusDoctorAndTokenAnswer() throws Exception {
        assertThat(rungpt.script("status").exit()).isZero();
        RunGpt.Ended doctor = rungpt.script("doctor");
        assertThat(doctor.out()).contains("Docker");
        assertThat(rungpt.script("token").out().trim()).isEqualTo(rungpt.token());
        RunGpt.Ended shell = rungpt.script("shell", "rungpt:list");
        assertThat(shell.exit()).as(shell.toString()).isZero();
        assertThat(shell.out()).contains("filesystem").contains("system");
    }

    @Test
    void aFailingShellCommandFailsTheScript() throws Exception {
        RunGpt.Ended shell = rungpt.script("shell", "rungpt:uninstall nobody/nothing");
        assertThat(shell.exit()).isNotZero();
        assertThat(shell.out() + shell.err()).contains("nobody/nothing");
    }

    private static String text(List<JsonNode> events, String type) {
        StringBuilder text = new StringBuilder();
        events.stream()
                .filter(RunGpt.type(type))
                .forEach(event -> text.append(event.at("/data/text").asText()));
        return text.toString();
    }
}
