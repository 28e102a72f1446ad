package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.Image;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.testkit.RecordingObserver;

/** An engine that is really restarted while a call runs. Only root can have one: `rungpt test` leaves it out for others. */
@Tag("docker")
@Tag("root")
final class EngineRestartIT {
    private static final int DISK_MIB = 2048;

    @TempDir
    Path directory;

    private Bench bench(PrivateEngine engine) throws Exception {
        try (Engine from = new Engine(Bench.HOST, 1);
                Engine to = new Engine(engine.host, 1);
                InputStream image = from.control().saveImageCmd(baseImage(from)).exec()) {
            to.streams().loadImageCmd(image).exec();
        }
        return new Bench(directory, 0, engine.host, Engine.RESPONSE, engine.host).ready();
    }

    private static String baseImage(Engine engine) throws Exception {
        String base = System.getProperty("rungpt.baseImage");
        return base != null
                ? base
                : engine.control().listImagesCmd().exec().stream()
                        .map(Image::getRepoTags)
                        .flatMap(tags -> tags == null ? java.util.stream.Stream.of() : Arrays.stream(tags))
                        .filter(tag -> tag.startsWith("rungpt/base:"))
                        .findFirst()
                        .orElseThrow();
    }

    @Test
    @DisplayName(
            "I.101 an engine that is restarted ends what ran: its calls say so, and the next one works in the same workspace")
    void restart() throws Exception {
        try (PrivateEngine engine = new PrivateEngine(directory, DISK_MIB);
                Bench bench = bench(engine)) {
            RecordingObserver observer = new RecordingObserver();
            CallHandle call = bench.start("c-1", bench.shell(), "echo kept > file; echo begun; sleep 600", observer);
            observer.await("begun\n");
            engine.stop();
            engine.startAgain();
            CallOutcome outcome = Bench.await(call);
            assertThat(outcome.reason()).isEqualTo(CallOutcome.Reason.SANDBOX_LOST);
            // By a word of its own, or by what became of its container.
            assertThat(outcome.message()).matches("the sandbox (was stopped|ended.*)");
            assertThat(bench.runner().awaitEngine(Duration.ofSeconds(10))).isTrue();
            RecordingObserver next = new RecordingObserver();
            assertThat(Bench.await(bench.start("c-1", bench.shell(), "cat file; exit 3", next))
                            .exit())
                    .isEqualTo(3);
            assertThat(next.text(Stream.STDOUT)).isEqualTo("kept\n");
            leavesNothing(bench);
        }
    }

    @Test
    @DisplayName(
            "I.101 what an engine lets live through its restart goes on, and has the exit code and the output that it had")
    void restartWithWhatRuns() throws Exception {
        try (PrivateEngine engine = new PrivateEngine(directory, DISK_MIB, "--live-restore");
                Bench bench = bench(engine)) {
            RecordingObserver observer = new RecordingObserver();
            CallHandle call = bench.start(
                    "c-1",
                    bench.shell(),
                    "echo begun; while [ ! -e go ]; do sleep 0.05; done; seq 1 1000; exit 7",
                    observer);
            observer.await("begun\n");
            engine.stop();
            assertThat(call.outcome().toCompletableFuture()).isNotDone();
            engine.startAgain();
            assertThat(bench.runner().awaitEngine(Duration.ofSeconds(10))).isTrue();
            Bench.await(bench.start("c-1", bench.shell(), "touch go", new RecordingObserver()));
            CallOutcome outcome = Bench.await(call);
            assertThat(outcome.exit()).as(outcome.toString()).isEqualTo(7);
            assertThat(observer.text(Stream.STDOUT)).startsWith("begun\n1\n").endsWith("\n1000\n");
            leavesNothing(bench);
        }
    }

    private static void leavesNothing(Bench bench) throws Exception {
        bench.runner().release("c-1");
        bench.runner().tidyNow();
        assertThat(bench.containers()).isEmpty();
        assertThat(bench.volumes()).isEmpty();
    }
}
