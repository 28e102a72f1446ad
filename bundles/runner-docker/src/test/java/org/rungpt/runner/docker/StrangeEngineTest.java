package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.model.Version;
import com.github.dockerjava.api.model.VersionComponent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.status.Readiness;
import org.rungpt.testkit.RecordingObserver;

/** Engines of weak versions, and what only looks like an engine. */
final class StrangeEngineTest {
    @TempDir
    Path directory;

    private DockerRunner runner(FakeEngine engine) {
        Settings settings = new Settings(
                directory.resolve("data"),
                "unix://" + engine.socket,
                null,
                512 << 20,
                2,
                256,
                0,
                Duration.ofMinutes(1),
                Duration.ofMinutes(5),
                10);
        DockerRunner runner = new DockerRunner(settings, () -> null, () -> null, new Contributors());
        runner.open();
        return runner;
    }

    private CallSpec spec(String call) throws Exception {
        InstalledAction action = new TestActions(directory).action("rungpt/tools", true, TestActions.SHELL);
        return new CallSpec(
                call,
                "conversation",
                TestActions.task(action, "shell"),
                "{}",
                Grants.NONE,
                Map.of(),
                Bench.limits(1, 1, 1));
    }

    @ParameterizedTest
    @CsvSource({"1.1.5, true", "1.2.7, true", "1.2.8, false", "1.3.2, true", "1.3.3, false", "1.4.0, false"})
    @DisplayName("A.14 versions of runc that can be broken out of are warned about, with what helps")
    void weakVersions(String runc, boolean weak) throws Exception {
        try (FakeEngine engine = new FakeEngine(directory.resolve("docker.sock"), FakeEngine.healthy(runc));
                DockerRunner runner = runner(engine)) {
            assertThatThrownBy(() -> Bench.await(runner.start(spec("call"), new RecordingObserver())));
            Readiness readiness = runner.readiness();
            assertThat(readiness.ready()).as(readiness.toString()).isTrue();
            if (weak) {
                assertThat(readiness.remedy())
                        .contains("runc " + runc)
                        .contains("CVE-2025-31133")
                        .contains("update it")
                        .contains("runsc");
            } else {
                assertThat(readiness.remedy()).isNull();
            }
        }
    }

    @Test
    @DisplayName("A.14 a weak runc is found behind Podman too, which calls it otherwise")
    void weakVersionBehindPodman() {
        Version version = new Version() {
            @Override
            public List<VersionComponent> getComponents() {
                return List.of(new VersionComponent()
                        .withName("OCI Runtime (runc)")
                        .withVersion("runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1\nspec: 1.0.2-dev"));
            }
        };
        assertThat(Breakouts.warning(version, null)).startsWith("Programs can break out of runc 1.1.5+ds1 (CVE-");
        assertThat(Breakouts.warning(version, "runsc")).isNull();
    }

    static Stream<Arguments> strange() {
        String half = FakeEngine.http(200, "{\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\"}");
        return Stream.of(
                Arguments.of("garbage", (UnaryOperator<String>) path -> "\u0000\u001b[31mnot http\r\n\r\n"),
                Arguments.of("no JSON", (UnaryOperator<String>) path -> FakeEngine.http(200, "<html>\u001b[2J</html>")),
                Arguments.of(
                        "other JSON", (UnaryOperator<String>) path -> FakeEngine.http(200, "[[[{\"Version\":{}}]]]")),
                Arguments.of(
                        "errors", (UnaryOperator<String>) path -> FakeEngine.http(500, "{\"message\":\"on\\nfire\"}")),
                Arguments.of("half an answer", (UnaryOperator<String>) path -> half.substring(0, half.length() - 20)),
                Arguments.of("half a header", (UnaryOperator<String>) path -> "HTTP/1.1 200 O"));
    }

    @ParameterizedTest
    @MethodSource("strange")
    @DisplayName(
            "I.101 an engine that answers nonsense is unready in one plain line, and is taken when it comes to its senses")
    void nonsense(String what, UnaryOperator<String> answers) throws Exception {
        try (FakeEngine engine = new FakeEngine(directory.resolve("docker.sock"), answers);
                DockerRunner runner = runner(engine)) {
            CallHandle early = runner.start(spec("call-1"), new RecordingObserver());
            assertThatThrownBy(() -> Bench.await(early))
                    .cause()
                    .isInstanceOfSatisfying(RunnerException.class, e -> assertThat(e.kind())
                            .isEqualTo(RunnerException.Kind.UNAVAILABLE));
            Readiness readiness = runner.readiness();
            assertThat(readiness.ready()).isFalse();
            assertThat(readiness.reason()).startsWith("Docker").doesNotContainPattern("\\p{Cntrl}");
            assertThat(readiness.remedy()).isNotBlank();
            engine.answer(FakeEngine.healthy("1.3.3"));
            assertThat(runner.awaitEngine(Duration.ofSeconds(15))).isTrue();
        }
    }

    @Test
    @DisplayName("I.101 an engine that hangs is told, holds up no caller for long, and is let go at once")
    void silence() throws Exception {
        try (FakeEngine engine = new FakeEngine(directory.resolve("docker.sock"), path -> FakeEngine.SILENCE)) {
            long before;
            try (DockerRunner runner = runner(engine)) {
                CallHandle early = runner.start(spec("call-1"), new RecordingObserver());
                assertThatThrownBy(() -> Bench.await(early)).hasCauseInstanceOf(RunnerException.class);
                assertThat(runner.readiness().reason())
                        .isEqualTo("Docker does not answer: unix://" + engine.socket + " keeps silent.");
                before = System.nanoTime();
                assertThatThrownBy(() -> runner.start(spec("call-2"), new RecordingObserver()))
                        .isInstanceOf(RunnerException.class)
                        .hasMessageContaining("keeps silent");
                assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(1));
                before = System.nanoTime();
            }
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(15));
        }
    }
}
