package org.rungpt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a command ends that does not end well. */
class MainTest {
    @TempDir
    Path data;

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... command) {
        var print = new PrintStream(err, true, StandardCharsets.UTF_8);
        return Main.run(new Terminal(print, print, null, false), command);
    }

    @Test
    void whatNobodyThoughtOfIsOneLineWithWhatHelps() throws Exception {
        try (FakeServer server = new FakeServer(data)) {
            server.isAt(70000);
            assertThat(run(data.toString(), "status")).isEqualTo(1);
            assertThat(err.toString(StandardCharsets.UTF_8))
                    .startsWith("rungpt: ")
                    .contains("70000", "rungpt doctor")
                    .doesNotContain("rungpt.log")
                    .hasLineCount(1);

            err.reset();
            Path log = Files.createDirectories(data.resolve("logs")).resolve("rungpt.log");
            Files.createFile(log);
            assertThat(run(data.toString(), "status")).isEqualTo(1);
            assertThat(err.toString(StandardCharsets.UTF_8))
                    .contains(log.toString())
                    .hasLineCount(1);
        }
        err.reset();
        assertThat(run("a\0b", "status")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).hasLineCount(1);
    }

    @Test
    void whatIsExpectedHasItsOwnExitCode() {
        assertThat(run(data.toString(), "status")).isEqualTo(3);
        assertThat(run(data.toString(), "fly")).isEqualTo(2);
        assertThat(run()).isEqualTo(2);
    }
}
