package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.rungpt.api.action.Manifest;

final class BoundsTest {
    private static final long MIB = 1 << 20;
    private static final Settings SETTINGS = new Settings(
            Path.of("data"), "unix:///none", null, 512 * MIB, 2, 256, 0, Duration.ofHours(1), Duration.ofMinutes(1), 4);

    @Test
    void anActionGetsWhatItAsksForWithinWhatAnyActionMayHave() {
        Bounds bounds = Bounds.of(SETTINGS, new Manifest.Resources(64.0, 999_999L << 30, 100, 2048 * MIB));
        assertThat(bounds).isEqualTo(new Bounds(4096 * MIB, 4, 100, 2048 * MIB));
    }

    @Test
    void anActionThatAsksForNothingGetsTheDefault() {
        assertThat(Bounds.of(SETTINGS, Manifest.Resources.DEFAULT)).isEqualTo(Bounds.of(SETTINGS));
    }

    @Test
    void anUnreadableBorderServesNothing() {
        for (String text : new String[] {"", "{", "{}", "null", "[]", "{\"egress\":1}"}) {
            assertThat(Border.parse(text)).isNotEqualTo(Border.CLOSED);
        }
        assertThat(Border.parse(Border.CLOSED.text())).isEqualTo(Border.CLOSED);
    }
}
