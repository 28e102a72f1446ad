package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** An engine that does what it is told and does not say so. */
@Tag("docker")
final class MuteEngineIT {
    /** More than an engine in order needs on a busy machine. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"/containers/create", "/start", "/volumes/create"})
    @DisplayName(
            "I.101 an engine that falls silent amid the making of a sandbox: the call ends in time, and nothing is left")
    void silentAmidTheMaking(String request) throws Exception {
        FaultyEngine mute = new FaultyEngine(directory.resolve("docker.sock"));
        mute.open();
        try (mute;
                Bench bench = new Bench(directory, 0, mute.host(), PATIENCE).ready()) {
            bench.images().base();
            mute.always(request, FaultyEngine.MUTE);
            CallHandle call = bench.start("c-silent", bench.shell(), "true", new RecordingObserver());
            RunnerException told = failure(call);
            assertThat(told.kind()).isEqualTo(RunnerException.Kind.UNAVAILABLE);
            assertThat(told).hasMessageContaining("the engine does not answer").hasMessageContaining("rungpt doctor");
            mute.recover();
            assertThat(bench.runner().awaitEngine(Duration.ofSeconds(30))).isTrue();
            assertThat(Bench.await(bench.start("c-next", bench.shell(), "true", new RecordingObserver()))
                            .exit())
                    .isZero();
            bench.runner().release("c-silent");
            bench.runner().release("c-next");
            bench.runner().tidyNow();
            assertThat(left(bench)).isEmpty();
        }
    }

    @Test
    @DisplayName("I.101 what an engine made long after it was asked is found and removed; what is needed stays")
    void whatComesLateIsFound() throws Exception {
        try (Bench bench = new Bench(directory, 0).ready()) {
            Bench.await(bench.start("c-used", bench.shell(), "true", new RecordingObserver()));
            bench.runner().tidyNow();
            Set<String> needed = left(bench);
            Labels labels = new Labels(bench.instance());
            Set<String> late = new TreeSet<>();
            for (String mark : new String[] {Labels.SANDBOX, Labels.EGRESS, Labels.BESIDE, Labels.JOURNAL}) {
                var marks = new java.util.HashMap<>(labels.filter());
                marks.put(mark, "nobody");
                late.add(bench.docker()
                        .createContainerCmd(bench.images().base())
                        .withLabels(marks)
                        .withCmd("true")
                        .exec()
                        .getId());
            }
            late.add(bench.docker()
                    .createVolumeCmd()
                    .withName(labels.name("late"))
                    .withLabels(labels.filter())
                    .exec()
                    .getName());
            assertThat(left(bench)).containsAll(late);
            bench.runner().tidyNow();
            assertThat(left(bench)).containsAll(needed).doesNotContainAnyElementsOf(late);
            assertThat(Bench.await(bench.start("c-used", bench.shell(), "true", new RecordingObserver()))
                            .exit())
                    .isZero();
        }
    }

    @Test
    @DisplayName("A.4 a workspace that the engine does not remove in time is emptied before it is asked again")
    void slowToRemove() throws Exception {
        FaultyEngine slow = new FaultyEngine(directory.resolve("docker.sock"));
        slow.open();
        try (slow;
                Bench bench = new Bench(directory, 0, slow.host(), PATIENCE).ready()) {
            Bench.await(bench.start("c-deep", bench.shell(), "true", new RecordingObserver()));
            String workspace = bench.workspaceOf("c-deep");
            slow.always("/volumes/" + workspace, (request, exchange) -> !request.startsWith("DELETE"));
            assertThatThrownBy(() -> bench.runner().release("c-deep"))
                    .isInstanceOf(RunnerException.class)
                    .hasMessageContaining("the workspace stays");
            Set<String> emptied = ConcurrentHashMap.newKeySet();
            slow.always("/containers/create", (request, exchange) -> {
                if (request.contains(workspace) && request.contains("/usr/bin/find")) {
                    emptied.add(workspace);
                }
                return true;
            });
            assertThat(bench.runner().awaitEngine(Duration.ofSeconds(30))).isTrue();
            bench.runner().tidyNow();
            assertThat(emptied).containsExactly(workspace);
            assertThat(left(bench)).doesNotContain(workspace);
        }
    }

    private static RunnerException failure(CallHandle call) {
        try {
            throw new AssertionError("it ended with " + Bench.end(call));
        } catch (CompletionException e) {
            return (RunnerException) e.getCause();
        }
    }

    private static Set<String> left(Bench bench) throws Exception {
        Set<String> left = new TreeSet<>(bench.containers());
        left.addAll(bench.volumes());
        return left;
    }
}
