package org.rungpt.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    private String shown() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void withoutATerminalEachStepIsALineOnce() {
        var progress = new ProgressLine(out, false);
        progress.report("asking", -1, -1);
        progress.report("receiving objects", 1, 10);
        progress.report("receiving objects", 9, 10);
        progress.end();

        assertThat(shown()).isEqualToNormalizingNewlines("asking\nreceiving objects\n");
    }

    @Test
    void onATerminalOneLineChangesAndIsGoneAtTheEnd() {
        var progress = new ProgressLine(out, true);
        progress.report("receiving objects", 5, 10);
        progress.report("x", -1, -1);
        progress.end();

        assertThat(shown())
                .startsWith("\rreceiving objects 5 of 10 (50 %)\rx …   ")
                .doesNotContain("\n")
                .endsWith("\r");
    }

    @Test
    void saysHowMuchAsFarAsItIsKnown() {
        assertThat(ProgressLine.text("a", -1, -1)).isEqualTo("a …");
        assertThat(ProgressLine.text("a", 7, -1)).isEqualTo("a 7");
        assertThat(ProgressLine.text("a", 1, 3)).isEqualTo("a 1 of 3 (33 %)");
    }
}
