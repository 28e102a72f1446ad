package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** The engine behind a socket that comes, goes and cuts its connections. */
@Tag("docker")
final class EngineReturnsIT {
    @TempDir
    Path directory;

    private Bench bench;
    private FaultyEngine engine;

    @BeforeEach
    void open() throws Exception {
        engine = new FaultyEngine(directory.resolve("docker.sock"));
        bench = new Bench(directory, 0, engine.host());
    }

    @AfterEach
    void close() throws Exception {
        bench.close();
        engine.close();
    }

    @Test
    @DisplayName("I.101 an engine that restarts is found again within ten seconds")
    void isFoundAgainWithinTenSeconds() throws Exception {
        assertThatThrownBy(() -> bench.runner().release("nobody")).isInstanceOf(RunnerException.class);
        engine.open();
        assertThat(bench.runner().awaitEngine(Duration.ofSeconds(10))).isTrue();
        bench.ready();
        engine.close();
        bench.runner().suspectEngine();
        engine.open();
        assertThat(bench.runner().awaitEngine(Duration.ofSeconds(10))).isTrue();
        bench.ready();
    }

    @Test
    @DisplayName("I.101 a connection that is cut amid output costs a call nothing")
    void aCallGoesOnOverACutConnection() throws Exception {
        engine.open();
        bench.ready();
        String conversation = "c-" + UUID.randomUUID();
        RecordingObserver observer = new RecordingObserver();
        CallHandle call = bench.start(
                conversation, bench.shell(), "seq 1 20000; while [ ! -e go ]; do sleep 0.05; done; echo end", observer);
        observer.await("\n20000\n");

        engine.cut();
        Bench.await(bench.start(conversation, bench.shell(), "touch go", new RecordingObserver()));
        assertThat(Bench.await(call).exit()).isZero();
        assertThat(observer.text(Stream.STDOUT)).endsWith("20000\nend\n");
    }

    @Test
    @DisplayName("I.101 a container that the engine made without answering is found by its label and removed")
    void anAnswerThatIsLostLeavesNoContainer() throws Exception {
        engine.open();
        bench.ready();
        String conversation = "c-" + UUID.randomUUID();
        // Which only the containers of sandboxes carry.
        CountDownLatch lost = engine.once(Labels.CONTENTS, FaultyEngine.CUT_BEFORE_ANSWER);
        CallHandle call = bench.start(conversation, bench.shell(), "true", new RecordingObserver());
        assertThatThrownBy(() -> Bench.await(call)).hasCauseInstanceOf(RunnerException.class);
        assertThat(lost.await(60, TimeUnit.SECONDS)).isTrue();
        bench.runner().release(conversation);
        bench.runner().tidyNow();
        assertThat(bench.containers()).isEmpty();
        String next = "c-" + UUID.randomUUID();
        assertThat(Bench.await(bench.start(next, bench.shell(), "true", new RecordingObserver()))
                        .exit())
                .isZero();
    }
}
