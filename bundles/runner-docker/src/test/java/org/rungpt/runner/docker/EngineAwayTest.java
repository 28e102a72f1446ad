package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** Without Docker the rest of the platform works, and the runner says why it does not. */
final class EngineAwayTest {
    @TempDir
    Path directory;

    @Test
    void withoutASocketItSaysThatAndWhatHelps() throws Exception {
        Settings settings = new Settings(
                directory.resolve("data"),
                "unix://" + directory.resolve("no.sock"),
                null,
                512 << 20,
                2,
                256,
                1,
                Duration.ofMinutes(1),
                Duration.ofMinutes(5),
                10);
        InstalledAction action = new TestActions(directory).action("rungpt/tools", true, TestActions.SHELL);
        CallSpec spec = new CallSpec(
                "call-1",
                "conversation",
                TestActions.task(action, "shell"),
                "{}",
                Grants.NONE,
                Map.of(),
                Bench.limits(1, 1, 1));
        try (DockerRunner runner = new DockerRunner(settings, () -> null, () -> null, new Contributors())) {
            assertThat(runner.readiness().ready()).isFalse();
            runner.open();
            // The first call waits for the first answer; its caller does not.
            CallHandle early = runner.start(spec, new RecordingObserver());
            assertThatThrownBy(() -> Bench.await(early))
                    .cause()
                    .isInstanceOfSatisfying(RunnerException.class, e -> assertThat(e.kind())
                            .isEqualTo(RunnerException.Kind.UNAVAILABLE));
            assertThat(runner.readiness().reason())
                    .isEqualTo("Docker is not running: there is no " + directory.resolve("no.sock") + ".");
            assertThat(runner.readiness().remedy()).contains("systemctl start docker");
            assertThatThrownBy(() -> runner.start(spec, new RecordingObserver()))
                    .isInstanceOf(RunnerException.class)
                    .hasMessageContaining("Docker is not running")
                    .hasMessageContaining("systemctl start docker");
            assertThatThrownBy(() -> runner.resume("conversation", "call-1", 0, 0, new RecordingObserver()))
                    .isInstanceOf(RunnerException.class);
            runner.warm("conversation");
            assertThat(runner.sandboxes()).isEmpty();
        }
    }
}
