package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.Grants;
import org.rungpt.testkit.RecordingObserver;

/** Calls of the tasks of containers that are cancelled. */
final class ContainerTasksTest {
    @TempDir
    Path directory;

    private final ExecutorService work = Executors.newSingleThreadExecutor();

    @AfterEach
    void end() {
        work.shutdownNow();
    }

    private CallSpec spec() throws Exception {
        InstalledAction action = new TestActions(directory).action("rungpt/containers", true, TestActions.SHELL);
        return new CallSpec(
                "call", "c", TestActions.task(action, "shell"), "{}", Grants.NONE, Map.of(), Bench.limits(9, 9, 9));
    }

    private static ContainerTasks.Where where(CountDownLatch asked) {
        return new ContainerTasks.Where() {
            @Override
            public Sandbox workspace(CallSpec spec, ContainerTasks.RunningStep progress) {
                asked.countDown();
                try {
                    new CountDownLatch(1).await();
                    throw new AssertionError("nobody counts down");
                } catch (InterruptedException e) {
                    // As the engine's client tells it.
                    throw new IllegalStateException("interrupted", e);
                }
            }

            @Override
            public Sidecars sidecars() {
                throw new AssertionError("nobody gets so far");
            }
        };
    }

    private static CallOutcome end(CallHandle call) {
        return call.outcome()
                .toCompletableFuture()
                .orTimeout(10, TimeUnit.SECONDS)
                .join();
    }

    @Test
    void whoIsCancelledBeforeItRunsEnds() throws Exception {
        CountDownLatch mayGoOn = new CountDownLatch(1);
        work.execute(() -> {
            try {
                mayGoOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        CountDownLatch asked = new CountDownLatch(1);
        CallHandle call = new ContainerTasks(where(asked), work).start(spec(), new RecordingObserver());
        call.cancel();
        assertThat(end(call).reason()).isEqualTo(Reason.CANCELLED);
        mayGoOn.countDown();
        work.submit(() -> {}).get(10, TimeUnit.SECONDS);
        assertThat(asked.getCount()).isEqualTo(1);
    }

    @Test
    void whoIsCancelledWhileTheEngineIsAskedIsCancelledAndHasNotFailed() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CallHandle call = new ContainerTasks(where(asked), work).start(spec(), new RecordingObserver());
        assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
        call.cancel();
        assertThat(end(call).reason()).isEqualTo(Reason.CANCELLED);
    }
}
