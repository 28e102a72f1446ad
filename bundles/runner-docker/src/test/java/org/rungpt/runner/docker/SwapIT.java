package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
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
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** Runners come and go; sandboxes, workspaces and calls stay. */
@Tag("docker")
final class SwapIT {
    /** Longer than it may take until it is renewed. */
    private static final Duration SHORT = Duration.ofSeconds(10);

    @TempDir
    Path directory;

    private Bench bench;
    private final String conversation = "c-" + UUID.randomUUID();

    @BeforeEach
    void open() throws Exception {
        bench = new Bench(directory, 0).ready();
    }

    @AfterEach
    void close() throws Exception {
        bench.close();
    }

    @Test
    void theSuccessorGoesOnWithARunningCall() throws Exception {
        String id = Bench.newCall();
        RecordingObserver first = new RecordingObserver();
        CallHandle call = bench.start(
                id,
                conversation,
                bench.shell(),
                "seq 1 50000; while [ ! -e go ]; do sleep 0.05; done; seq 50001 100000; exit 4",
                first,
                Bench.limits(64 * Bench.MIB));
        first.await("\n50000\n");
        String container = bench.containerOf(conversation);

        bench.swap();
        assertThatThrownBy(() -> Bench.await(call))
                .cause()
                .isInstanceOfSatisfying(
                        RunnerException.class, e -> assertThat(e.kind()).isEqualTo(RunnerException.Kind.DETACHED));
        long seen = first.bytes(Stream.STDOUT).length;
        RecordingObserver second = new RecordingObserver(seen, 0);
        CallHandle resumed =
                bench.runner().resume(conversation, id, seen, 0, second).orElseThrow();
        Bench.await(bench.start(conversation, bench.shell(), "touch go", new RecordingObserver()));
        CallOutcome outcome = Bench.await(resumed);

        StringBuilder expected = new StringBuilder();
        for (int i = 1; i <= 100_000; i++) {
            expected.append(i).append('\n');
        }
        assertThat(outcome.exit()).isEqualTo(4);
        assertThat(outcome.stdout()).isEqualTo(expected.length());
        assertThat(first.text(Stream.STDOUT) + second.text(Stream.STDOUT)).isEqualTo(expected.toString());
        assertThat(bench.containerOf(conversation)).isEqualTo(container);
    }

    @Test
    void theSuccessorTellsTheEndOfACallThatEndedMeanwhile() throws Exception {
        String id = Bench.newCall();
        RecordingObserver first = new RecordingObserver();
        bench.start(
                id, conversation, bench.shell(), "echo there; sleep 0.3; echo late", first, Bench.limits(Bench.MIB));
        first.await("there\n");
        bench.runner().close();
        bench.swap();

        RecordingObserver second = new RecordingObserver();
        CallHandle resumed =
                bench.runner().resume(conversation, id, 0, 0, second).orElseThrow();
        assertThat(Bench.await(resumed).exit()).isZero();
        assertThat(second.text(Stream.STDOUT)).isEqualTo("there\nlate\n");
    }

    @Test
    void aNewRunnerWaitsUntilTheOldOneHasGone() throws Exception {
        Bench.await(bench.start(conversation, bench.shell(), "echo x > file", new RecordingObserver()));
        DockerRunner old = bench.runner();
        RecordingObserver running = new RecordingObserver();
        CallHandle call =
                bench.start(conversation, bench.shell(), "echo there; while [ ! -e go ]; do sleep 0.05; done", running);
        running.await("there\n");

        DockerRunner next = bench.another();
        RecordingObserver observer = new RecordingObserver();
        CallHandle waiting = next.start(bench.spec(conversation, "cat file"), observer);
        // The old one still hears its sandbox.
        Bench.await(bench.start(conversation, bench.shell(), "touch go", new RecordingObserver()));
        assertThat(Bench.await(call).exit()).isZero();
        old.close();
        assertThat(Bench.await(waiting).exit()).isZero();
        assertThat(observer.text(Stream.STDOUT)).isEqualTo("x\n");
    }

    @Test
    @DisplayName("I.99 what lacks the label of this installation is never touched, whatever its name and kind")
    void whatIsNotOursIsNeverTouched() throws Exception {
        String image = bench.docker()
                .listImagesCmd()
                .withReferenceFilter("rungpt/base")
                .exec()
                .get(0)
                .getId();
        String stranger = bench.docker()
                .createContainerCmd(image)
                .withCmd("--lease", "60")
                .withNetworkMode("none")
                .exec()
                .getId();
        String otherInstance = bench.docker()
                .createContainerCmd(image)
                .withCmd("--lease", "60")
                .withNetworkMode("none")
                .withLabels(Map.of(Labels.INSTANCE, UUID.randomUUID().toString(), Labels.SANDBOX, "decoy"))
                .exec()
                .getId();
        String volume = bench.docker()
                .createVolumeCmd()
                .withLabels(Map.of(Labels.INSTANCE, "another"))
                .exec()
                .getName();
        try {
            Bench.await(bench.start(conversation, bench.shell(), "true", new RecordingObserver()));
            String dead = bench.containerOf(conversation);
            bench.runner().close();
            bench.docker().killContainerCmd(dead).exec();
            bench.awaitEvent(dead, "die");
            bench.swap();
            bench.ready();
            bench.awaitEvent(dead, "destroy");
            assertThat(bench.containers()).as("what ended is swept").isEmpty();
            assertThat(bench.volumes()).as("the workspace is kept").hasSize(1);
            bench.runner().release(conversation);
            assertThat(bench.volumes()).isEmpty();
            bench.docker().inspectContainerCmd(stranger).exec();
            bench.docker().inspectContainerCmd(otherInstance).exec();
            bench.docker().inspectVolumeCmd(volume).exec();
        } finally {
            bench.docker().removeContainerCmd(stranger).withForce(true).exec();
            bench.docker().removeContainerCmd(otherInstance).withForce(true).exec();
            bench.docker().removeVolumeCmd(volume).exec();
        }
    }

    @Test
    @DisplayName("I.99 two servers on one engine do not meet")
    void twoServersOnOneEngineDoNotMeet() throws Exception {
        try (Bench other = new Bench(Files.createDirectory(directory.resolve("other")), 0)) {
            other.ready();
            Bench.await(bench.start(conversation, bench.shell(), "echo one > file", new RecordingObserver()));
            Bench.await(other.start(conversation, other.shell(), "echo two > file", new RecordingObserver()));
            other.runner().release(conversation);
            other.swap().release("nobody");
            RecordingObserver observer = new RecordingObserver();
            Bench.await(bench.start(conversation, bench.shell(), "cat file", observer));
            assertThat(observer.text(Stream.STDOUT)).isEqualTo("one\n");
            assertThat(other.containers()).isEmpty();
            assertThat(other.volumes()).isEmpty();
        }
    }

    @Test
    void aServerThatEndsLeavesTheWorkspacesOfConversationsOnly() throws Exception {
        bench.pool(2);
        bench.swap();
        bench.ready();
        bench.awaitPool();
        Bench.await(bench.start(conversation, bench.shell(), "echo x > file", new RecordingObserver()));
        bench.runner().tickNow(); // and one is on its way again
        bench.runner().close(true);
        assertThat(bench.containers()).isEmpty();
        assertThat(bench.volumes()).hasSize(1);
        bench.pool(0);
        bench.swap();
        RecordingObserver observer = new RecordingObserver();
        Bench.await(bench.start(conversation, bench.shell(), "cat file", observer));
        assertThat(observer.text(Stream.STDOUT)).isEqualTo("x\n");
    }

    @Test
    void aConversationThatIsDeletedWhileItsSandboxIsMadeLeavesNothing() throws Exception {
        for (int i = 0; i < 4; i++) {
            String deleted = conversation + i;
            CountDownLatch isMade = new CountDownLatch(1);
            CallHandle call = bench.start(deleted, bench.shell(), "true", new CallObserver() {
                @Override
                public void output(Stream stream, long offset, ByteBuffer bytes) {}

                @Override
                public void progress(String step) {
                    isMade.countDown();
                }
            });
            assertThat(isMade.await(Bench.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
            bench.runner().release(deleted);
            Bench.settled(call);
        }
        bench.runner().close(true);
        assertThat(bench.containers()).isEmpty();
        assertThat(bench.volumes()).isEmpty();
    }

    @Test
    void aLostListOfWorkspacesCostsNone() throws Exception {
        Bench.await(bench.start(conversation, bench.shell(), "echo x > file", new RecordingObserver()));
        bench.runner().close(true);
        Files.delete(bench.data.resolve("workspaces.json"));
        bench.swap();
        bench.ready();
        RecordingObserver observer = new RecordingObserver();
        Bench.await(bench.start(conversation, bench.shell(), "cat file", observer));
        assertThat(observer.text(Stream.STDOUT)).isEqualTo("x\n");
    }

    @Test
    void aCallThatNobodyAsksForIsEnded() throws Exception {
        bench.lease(SHORT);
        bench.swap();
        RecordingObserver observer = new RecordingObserver();
        bench.start(
                conversation,
                bench.shell(),
                "trap 'touch ended; exit' TERM; echo there; while :; do sleep 0.1; done",
                observer);
        observer.await("there\n");
        bench.swap();
        Bench.await(bench.start(
                conversation, bench.shell(), "while [ ! -e ended ]; do sleep 0.1; done", new RecordingObserver()));
    }

    @Test
    void anotherBaseImageReplacesTheSandboxWhichKeepsItsWorkspace() throws Exception {
        String base = bench.images().base();
        bench.baseImage(base);
        bench.swap();
        bench.ready();
        CallOutcome before =
                Bench.await(bench.start(conversation, bench.shell(), "echo kept > file", new RecordingObserver()));
        String other = "rungpt/test-" + UUID.randomUUID();
        bench.docker().tagImageCmd(base, other, "new").exec();
        try {
            bench.baseImage(other + ":new");
            bench.swap();
            bench.ready();
            RecordingObserver observer = new RecordingObserver();
            CallOutcome after = Bench.await(bench.start(conversation, bench.shell(), "cat file", observer));
            assertThat(observer.text(Stream.STDOUT)).isEqualTo("kept\n");
            assertThat(after.sandbox()).isNotEqualTo(before.sandbox());
        } finally {
            bench.docker().removeImageCmd(other + ":new").exec();
        }
    }

    @Test
    void aSandboxWithoutRunnerEndsByItself() throws Exception {
        bench.lease(SHORT);
        bench.swap();
        Bench.await(bench.start(conversation, bench.shell(), "true", new RecordingObserver()));
        String container = bench.containerOf(conversation);
        bench.runner().close();
        bench.awaitEvent(container, "die");
        bench.swap();
        bench.ready();
        bench.awaitEvent(container, "destroy");
        assertThat(bench.containers()).isEmpty();
    }

    @Test
    void thePoolGivesANewConversationItsSandboxAndKeepsItsWorkspace() throws Exception {
        bench.pool(1);
        bench.swap();
        bench.ready();
        bench.awaitPool();
        RecordingObserver observer = new RecordingObserver();
        Bench.await(bench.start(conversation, bench.shell(), "echo x > file; cat /etc/hostname", observer));
        assertThat(observer.steps()).isEmpty();
        String container = bench.containerOf(conversation);
        bench.pool(0);
        bench.swap();
        RecordingObserver again = new RecordingObserver();
        Bench.await(bench.start(conversation, bench.shell(), "cat file /etc/hostname", again));
        assertThat(again.text(Stream.STDOUT)).isEqualTo("x\n" + observer.text(Stream.STDOUT));
        assertThat(bench.containerOf(conversation)).isEqualTo(container);
        assertThat(List.of(container)).isSubsetOf(bench.containers());
    }
}
