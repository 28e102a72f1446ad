package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Statistics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** Programs that write without end. */
@Tag("docker")
final class DiskIT {
    private static final long LIMIT = 192 * Bench.MIB;
    /** What A.4 allows. */
    private static final long MOST = LIMIT / 5 * 6;

    /** About 20 MiB a second into a directory. */
    private static final String FILL =
            "i=0; while :; do head -c 1048576 /dev/zero > %s/f$i; i=$((i+1)); sleep 0.05; done";

    /** The first of them with names that no list of names survives, and two each. */
    private static final String EMPTY_FILES = """
            exec python3 -c '
            import itertools, os
            for i in itertools.count():
                name = b"/workspace/" + str(i).encode()
                if i < 1000:
                    name += b"\\xff\\n.\\nuse 0 0 0\\nend 0\\n"
                    os.symlink("\\n", name + b"y")
                os.close(os.open(name, os.O_CREAT))
                if i < 1000:
                    os.link(name, name + b"x")
            '""";

    /** Files without a name that no descriptor is open for, about 80 MiB a second in a directory. */
    private static final String HIDE = """
            exec python3 -c '
            import ctypes, os, time
            map = ctypes.CDLL(None).mmap
            map.restype = ctypes.c_void_p
            map.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
            while True:
                file = os.open("%s/f", os.O_CREAT | os.O_RDWR)
                os.unlink("%<s/f")
                os.write(file, bytes(8 << 20))
                assert map(None, 4096, 1, 1, file, 0) != ctypes.c_void_p(-1).value
                os.close(file)
                time.sleep(0.1)
            '""";

    @TempDir
    static Path directory;

    private static Bench bench;

    private final String conversation = "c-" + UUID.randomUUID();

    @BeforeAll
    static void open() throws Exception {
        bench = new Bench(directory, 0);
        bench.disk(LIMIT);
        bench.swap();
        bench.ready();
    }

    @AfterAll
    static void close() throws Exception {
        bench.close();
    }

    private CallOutcome run(String command, RecordingObserver observer) throws Exception {
        return Bench.await(bench.start(conversation, bench.shell(), command, observer));
    }

    @Test
    @DisplayName("A.4 a tree that is deeper than the engine reads goes with its workspace")
    void deepTree() throws Exception {
        // Short names: of long ones the engine makes a message for so long that it does not answer in time.
        String deep = """
                exec python3 -c '
                import os
                for i in range(20000):
                    os.mkdir("a")
                    os.chdir("a")
                '""";
        assertThat(run(deep, new RecordingObserver()).exit()).isZero();
        String volume = bench.workspaceOf(conversation);
        long end = System.nanoTime() + Duration.ofMinutes(3).toNanos();
        bench.runner().release(conversation);
        while (bench.volumes().contains(volume)) { // where the machine is busy, not at once
            assertThat(System.nanoTime()).as("the volume stays").isLessThan(end);
            bench.runner().tidyNow();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/tmp", "/workspace"})
    @DisplayName("A.4 who fills the disk with many files is ended at the limit, which is named, and may clean up")
    void manyFiles(String place) throws Exception {
        long before = System.nanoTime();
        CallOutcome outcome = run(FILL.formatted(place), new RecordingObserver());
        assertThat(outcome.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
        assertThat(outcome.message()).startsWith("disk limit: more than 192 MiB written to the sandbox");
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(40));
        RecordingObserver observer = new RecordingObserver();
        CallOutcome cleaned = run("du -sm " + place + " | cut -f1; rm -f " + place + "/f*; echo clean", observer);
        assertThat(cleaned.exit()).isZero();
        String[] said = observer.text(Stream.STDOUT).split("\n");
        assertThat(said[1]).isEqualTo("clean");
        assertThat(Integer.parseInt(said[0])).isLessThanOrEqualTo((int) (MOST >> 20));
        bench.runner().release(conversation);
    }

    @Test
    @DisplayName("A.4 one file cannot grow beyond the limit, which is named")
    void oneFile() throws Exception {
        for (String place : new String[] {"/tmp/f", "/workspace/f"}) {
            CallOutcome outcome = run("exec dd if=/dev/zero of=" + place + " bs=1M", new RecordingObserver());
            assertThat(outcome.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
            assertThat(outcome.message()).startsWith("disk limit: a file grew beyond 192 MiB");
            assertThat(run("rm " + place, new RecordingObserver()).exit()).isZero();
        }
        bench.runner().release(conversation);
    }

    /** Waits until nothing runs in the sandbox but what is its own. */
    private void awaitQuiet(Duration patience) throws Exception {
        String container = bench.containerOf(conversation);
        long end = System.nanoTime() + patience.toNanos();
        long processes;
        do {
            assertThat(System.nanoTime()).as("something runs on").isLessThan(end);
            AtomicLong count = new AtomicLong(Long.MAX_VALUE);
            bench.engine
                    .streams()
                    .statsCmd(container)
                    .withNoStream(true)
                    .exec(new ResultCallback.Adapter<Statistics>() {
                        @Override
                        public void onNext(Statistics statistics) {
                            count.set(statistics.getPidsStats().getCurrent());
                        }
                    })
                    .awaitCompletion(60, TimeUnit.SECONDS);
            processes = count.get();
        } while (processes > 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/tmp", "/workspace"})
    @DisplayName("A.4 what a call left behind is ended at the limit, though it belongs to no call any more")
    void leftBehind(String place) throws Exception {
        String writer = "setsid env -i sh -c '" + FILL.formatted(place) + "' > /dev/null 2>&1 &";
        assertThat(run(writer, new RecordingObserver()).exit()).isZero();
        awaitQuiet(Duration.ofSeconds(40));
        RecordingObserver observer = new RecordingObserver();
        assertThat(run("du -sm " + place + " | cut -f1; rm -f " + place + "/f*", observer)
                        .exit())
                .isZero();
        assertThat(Integer.parseInt(observer.text(Stream.STDOUT).strip()))
                .isBetween((int) (LIMIT >> 20) / 2, (int) (MOST >> 20));
        bench.runner().release(conversation);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/var/tmp", "/workspace"})
    @DisplayName("A.4 files that are deleted and stay open count too")
    void deletedFiles(String place) throws Exception {
        CallOutcome outcome = run(
                "exec python3 -c 'import os, time\nkept = []\nwhile True:\n f = open(\"" + place
                        + "/f\", \"wb\", 0); os.unlink(f.name); f.write(bytes(8 << 20)); kept.append(f); time.sleep(0.1)'",
                new RecordingObserver());
        assertThat(outcome.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
        assertThat(outcome.message()).startsWith("disk limit");
        bench.runner().release(conversation);
    }

    @Test
    @DisplayName("A.4 files with nothing in them count too, and what ends is told that they are too many")
    void emptyFiles() throws Exception {
        Path place = Files.createDirectory(directory.resolve("empty"));
        try (Bench small = new Bench(place, 0)) {
            small.disk(64 * Bench.MIB);
            small.swap();
            small.ready();
            CallOutcome outcome =
                    Bench.await(small.start(conversation, small.shell(), EMPTY_FILES, new RecordingObserver()));
            assertThat(outcome.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
            assertThat(outcome.message())
                    .isEqualTo(
                            "disk limit: too many files in the sandbox (each counts for 4 KiB at least, limit 64 MiB);"
                                    + " delete some, or raise diskMiB in etc/org.rungpt.runner.docker.cfg");
            RecordingObserver observer = new RecordingObserver();
            CallOutcome cleaned = Bench.await(small.start(
                    conversation,
                    small.shell(),
                    "find /workspace -mindepth 1 -delete; find /workspace | wc -l",
                    observer));
            assertThat(cleaned.exit()).isZero();
            assertThat(observer.text(Stream.STDOUT).strip()).isEqualTo("1");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/var/tmp", "/workspace"})
    @DisplayName("A.4 who hides what it writes from every measure is ended before the engine's disk is full")
    void hidden(String where) throws Exception {
        RecordingObserver told = new RecordingObserver();
        assertThat(run("stat -f -c '%a %S' /workspace", told).exit()).isZero();
        String[] free = told.text(Stream.STDOUT).strip().split(" ");
        Path place = Files.createTempDirectory(directory, "hidden");
        try (Bench small = new Bench(place, 0)) {
            small.disk(LIMIT);
            small.diskReserve(Long.parseLong(free[0]) * Long.parseLong(free[1]) - 200 * Bench.MIB);
            small.swap();
            small.ready();
            CallOutcome outcome = Bench.await(
                    small.start(conversation, small.shell(), HIDE.formatted(where), new RecordingObserver()));
            assertThat(outcome.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
            assertThat(outcome.message()).startsWith("the disk of the engine is nearly full (");
            RecordingObserver observer = new RecordingObserver();
            CallOutcome next =
                    Bench.await(small.start(conversation, small.shell(), "ls -A /workspace; echo runs", observer));
            assertThat(next.exit()).isZero();
            assertThat(observer.text(Stream.STDOUT)).isEqualTo("runs\n");
        }
    }

    @Test
    @DisplayName("A.4 programs that are replaced, and no process left for anybody, hide nothing")
    void replacedPrograms() throws Exception {
        String hide = "for p in python3 du find; do ln -sf /bin/true /usr/bin/$p; done;"
                + " i=0; (while sleep 600 & do :; done) 2> /dev/null; ";
        CallOutcome outcome = run(
                hide + "while :; do printf '%01048576d' 0 > /workspace/f$i; i=$((i+1)); done", new RecordingObserver());
        assertThat(outcome.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
        assertThat(outcome.message()).startsWith("disk limit");
        bench.runner().release(conversation);
    }

    @Test
    @DisplayName("A.4 a container beside a sandbox that fills its volume is ended at the limit, which is told")
    void sidecar() throws Exception {
        ServiceImage service = ServiceImage.build(
                bench,
                directory,
                "[\"/bin/sh\", \"-c\", \"(" + FILL.formatted("/data") + ") & exec /usr/bin/python3 /serve.py\"]");
        try {
            InstalledAction acme = Declared.sidecars(
                    bench.actions.action("acme/served", false, TestActions.SHELL),
                    new Manifest.Sidecar("web", service.reference(), 8123, "tcp", "conversation"));
            Bench.await(bench.start(conversation, TestActions.task(acme, "shell"), "true", new RecordingObserver()));
            String container = bench.docker()
                    .listContainersCmd()
                    .withLabelFilter(Map.of(Labels.INSTANCE, bench.instance(), Labels.SIDECAR, "web"))
                    .exec()
                    .get(0)
                    .getId();
            long before = System.nanoTime();
            bench.awaitEvent(container, "die");
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(25));
        } finally {
            bench.runner().release(conversation);
            service.remove();
        }
    }

    @Test
    @DisplayName("A.4 a setup that fills the disk while an image is built is ended at its limit, which is named")
    void builder() throws Exception {
        Path place = Files.createDirectory(directory.resolve("small"));
        try (Bench small = new Bench(place, 0)) {
            small.disk(8 * Bench.MIB);
            small.swap();
            small.ready();
            InstalledAction acme = small.actions.action(
                    "acme/fills",
                    false,
                    TestActions.SHELL,
                    "setup",
                    "#!/bin/sh\nmkdir /fill\n" + FILL.formatted("/fill"));
            CallHandle call =
                    small.start(conversation, TestActions.task(acme, "shell"), "true", new RecordingObserver());
            assertThatThrownBy(() -> Bench.await(call))
                    .hasCauseInstanceOf(RunnerException.class)
                    .hasMessageContaining("the image of acme/fills")
                    .hasMessageContaining("disk limit: more than 64 MiB written");
        }
    }

    @Test
    @DisplayName("A.4 a third party's places are in memory and end at their size")
    void thirdParty() throws Exception {
        InstalledAction acme = bench.actions.action(
                "acme/fills",
                false,
                TestActions.SHELL,
                "version",
                UUID.randomUUID().toString());
        RecordingObserver observer = new RecordingObserver();
        Bench.await(bench.start(
                conversation,
                TestActions.task(acme, "shell"),
                "for p in /tmp /rungpt/out /workspace; do (i=0; while head -c 1048576 /dev/zero > $p/f$i; do i=$((i+1));"
                        + " done) 2>&1 | grep -o 'No space left' | head -n 1; rm -f $p/f*; done",
                observer));
        assertThat(observer.text(Stream.STDOUT)).isEqualTo("No space left\n".repeat(3));
        bench.runner().release(conversation);
    }
}
