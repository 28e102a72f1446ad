package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.dockerjava.api.model.Container;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Podman removes nothing that another one is on the network or among the processes of. */
final class SweepTest {
    private static final Settings SETTINGS = new Settings(
            Path.of("data"), "unix:///none", null, 1 << 29, 2, 256, 0, Duration.ofHours(1), Duration.ofMinutes(1), 4);

    private static final Container SANDBOX = container("sandbox", "exited", Labels.SANDBOX, "s");
    private static final Container PAUSE = container("pause", "exited", Labels.PAUSE, "s");
    private static final Container SIDECAR = container("sidecar", "exited", Labels.BESIDE, "s");

    private static Container container(String id, String state, String label, String value) {
        return new ObjectMapper()
                .convertValue(
                        Map.of("Id", id, "State", state, "Created", 1, "Labels", Map.of(label, value)),
                        Container.class);
    }

    private static Sweep sweep(Container... all) {
        return Sweep.of(List.of(all), Set.of(), Set.of(), Set.of(), SETTINGS);
    }

    @Test
    void whatEndedGoesBeforeWhatItWasBeside() {
        assertThat(sweep(SANDBOX, PAUSE, SIDECAR).litter()).containsExactly("sidecar", "pause", "sandbox");
        assertThat(sweep(SIDECAR, PAUSE, SANDBOX).litter()).containsExactly("sidecar", "pause", "sandbox");
    }

    @Test
    void whatSidecarsEndedWithIsTakenUpWithThem() {
        Container running = container("sandbox", "running", Labels.SANDBOX, "s");
        Sweep sweep = sweep(PAUSE, running, SIDECAR);
        assertThat(sweep.litter()).isEmpty();
        assertThat(sweep.found()).singleElement().satisfies(found -> {
            assertThat(found.pause()).isEqualTo("pause");
            assertThat(found.sidecars()).containsExactly("sidecar");
        });
    }

    @Test
    void ofTwoTheOneThatRunsIsTakenUp() {
        Container running = container("sandbox", "running", Labels.SANDBOX, "s");
        Container pause = container("new", "running", Labels.PAUSE, "s");
        for (Sweep sweep : List.of(sweep(PAUSE, pause, running), sweep(pause, PAUSE, running))) {
            assertThat(sweep.litter()).containsExactly("pause");
            assertThat(sweep.found()).singleElement().satisfies(found -> assertThat(found.pause())
                    .isEqualTo("new"));
        }
    }
}
