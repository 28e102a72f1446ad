package org.rungpt.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "rungpt:list",
                "echo \"a b\" 'c \" d'",
                "echo \"a \\\" b\"",
                "echo it\\'s",
                "echo 'a\\'",
                "# it's a comment",
                "help",
                "help rungpt"
            })
    void sendsWhatIsWhole(String line) throws CliException {
        assertThat(CommandLine.checked(line)).isEqualTo(line);
    }

    @ParameterizedTest
    @ValueSource(strings = {"echo \"a", "echo 'a", "echo \"a\" 'b", "\"", "echo 'a\\'b'", "echo \"a\\\""})
    void saysWhichQuoteIsNotClosed(String line) {
        assertThatThrownBy(() -> CommandLine.checked(line))
                .isInstanceOfSatisfying(CliException.class, error -> assertThat(error.exitCode())
                        .isEqualTo(2))
                .hasMessageMatching("The quote [\"'] at character \\d+ is not closed\\.");
    }

    @Test
    void helpAboutACommandIsTheCommandsOwn() throws CliException {
        assertThat(CommandLine.checked(" help rungpt:info ")).isEqualTo("rungpt:info --help");
    }

    @Test
    void coloursAreLeftOutHoweverTheyAreCut() throws IOException {
        var shown = new ByteArrayOutputStream();
        try (var plain = new PlainOutput(shown)) {
            plain.write("\u001b[1mé".getBytes(StandardCharsets.UTF_8));
            plain.write("\u001b".getBytes(StandardCharsets.UTF_8));
            plain.write("[31;1mb\u001b[0m \u001bc".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(shown.toString(StandardCharsets.UTF_8)).isEqualTo("éb \u001bc");
    }
}
