package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** What all sandboxes together may have. */
@Tag("docker")
final class CapsIT {
    @TempDir
    Path directory;

    private Bench bench;

    @BeforeEach
    void open() throws Exception {
        bench = new Bench(directory, 0).ready();
    }

    @AfterEach
    void close() throws Exception {
        bench.close();
    }

    private static String conversation() {
        return "c-" + UUID.randomUUID();
    }

    /** A call that is at work until it is cancelled. */
    private CallHandle working(String conversation) throws Exception {
        RecordingObserver observer = new RecordingObserver();
        CallHandle call = bench.start(conversation, bench.shell(), "echo there; sleep 600", observer);
        observer.await("there\n");
        return call;
    }

    private void assertThirdIsRefused(String why) throws Exception {
        List<CallHandle> two = new ArrayList<>(List.of(working(conversation()), working(conversation())));
        CallHandle third = bench.start(conversation(), bench.shell(), "true", new RecordingObserver());
        assertThatThrownBy(() -> Bench.await(third))
                .cause()
                .isInstanceOfSatisfying(
                        RunnerException.class, e -> assertThat(e.kind()).isEqualTo(RunnerException.Kind.LIMIT))
                .hasMessageContaining(why)
                .hasMessageContaining("etc/org.rungpt.runner.docker.cfg");
        // Whose sandbox is idle makes room.
        CallHandle first = two.get(0);
        first.cancel();
        assertThat(Bench.await(first).reason()).isEqualTo(CallOutcome.Reason.CANCELLED);
        assertThat(Bench.await(bench.start(conversation(), bench.shell(), "true", new RecordingObserver()))
                        .exit())
                .isZero();
        assertThat(bench.runner().sandboxes()).hasSize(2);
        two.get(1).cancel();
        Bench.await(two.get(1));
    }

    @Test
    void atMostSoManySandboxes() throws Exception {
        bench.caps(2, 0);
        bench.swap();
        bench.ready();
        assertThirdIsRefused(
                "2 sandboxes are at work, which is the limit; wait for a call to end, or raise maxSandboxes");
    }

    @Test
    void atMostSoMuchMemory() throws Exception {
        bench.caps(20, 1200 * Bench.MIB);
        bench.swap();
        bench.ready();
        assertThirdIsRefused("a sandbox of 512 MiB does not fit beside those at work: all together may have 1200 MiB;"
                + " wait for a call to end, or raise maxMemoryMiB");
    }

    @Test
    void thePoolTakesNoMoreMemoryThanAllMayHave() throws Exception {
        bench.caps(20, 1200 * Bench.MIB);
        bench.pool(3);
        bench.swap();
        bench.ready();
        bench.awaitPool();
        bench.runner().tickNow();
        assertThat(bench.runner().sandboxes()).hasSize(2);
        // And gives way.
        CallHandle call = working(conversation());
        bench.runner().tickNow();
        assertThat(bench.runner().sandboxes()).hasSize(2);
        call.cancel();
        Bench.await(call);
    }

    @Test
    void whatIsIdleForTooLongIsRemovedAndItsWorkspaceStays() throws Exception {
        bench.idle(Duration.ofSeconds(1));
        bench.swap();
        bench.ready();
        String idle = conversation();
        CallHandle busy = working(conversation());
        // From its end on it may go at any time.
        RecordingObserver begun = new RecordingObserver();
        CallHandle first = bench.start(
                idle, bench.shell(), "echo kept > file; echo there; until [ -e go ]; do sleep 0.05; done", begun);
        begun.await("there\n");
        String container = bench.containerOf(idle);
        bench.exec(container, "touch go");
        assertThat(Bench.await(first).exit()).isZero();
        bench.awaitEvent(container, "destroy");
        assertThat(bench.runner().sandboxes()).hasSize(1);
        RecordingObserver observer = new RecordingObserver();
        Bench.await(bench.start(idle, bench.shell(), "cat file", observer));
        assertThat(observer.text(Stream.STDOUT)).isEqualTo("kept\n");
        busy.cancel();
        assertThat(Bench.await(busy).reason()).isEqualTo(CallOutcome.Reason.CANCELLED);
    }
}
