package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.WaitContainerResultCallback;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Statistics;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.testkit.RecordingObserver;

/** What programs try against their limits and their walls, on the real engine. */
@Tag("docker")
final class IsolationIT {
    private static final String PROCESSES =
            "too many processes (limit 160); run fewer at a time, or raise pids in etc/org.rungpt.runner.docker.cfg";

    @TempDir
    static Path directory;

    private static Bench bench;

    private final String conversation = "c-" + UUID.randomUUID();

    @BeforeAll
    static void open() throws Exception {
        bench = new Bench(directory, 0).ready();
    }

    @AfterAll
    static void close() throws Exception {
        bench.close();
    }

    @AfterEach
    void release() throws Exception {
        bench.runner().release(conversation);
    }

    private static InstalledTask thirdParty() throws Exception {
        return TestActions.task(
                bench.actions.action(
                        "acme/tries",
                        false,
                        TestActions.SHELL,
                        "version",
                        UUID.randomUUID().toString()),
                "shell");
    }

    private CallOutcome run(String in, InstalledTask task, String command, int seconds, RecordingObserver observer)
            throws Exception {
        return Bench.await(
                bench.start(Bench.newCall(), in, task, command, observer, Bench.limits(seconds, seconds, Bench.MIB)));
    }

    private String output(InstalledTask task, String command) throws Exception {
        RecordingObserver observer = new RecordingObserver();
        CallOutcome outcome = run(conversation, task, command, 60, observer);
        assertThat(outcome.exit())
                .as("%s %s %s", command, outcome, observer.text(CallObserver.Stream.STDERR))
                .isZero();
        return observer.text(CallObserver.Stream.STDOUT);
    }

    /** As the engine sees them on the host. */
    private static int processesOf(String container) {
        return bench.docker().topContainerCmd(container).exec().getProcesses().length;
    }

    @Test
    @DisplayName("A.1 a fork bomb stops at the limit of processes, which is named; the next call works")
    void forkBomb() throws Exception {
        output(bench.shell(), "true");
        RecordingObserver observer = new RecordingObserver();
        CallOutcome outcome = run(
                conversation,
                bench.shell(),
                "python3 -c '\nimport os, time\ntry:\n while True:\n  if os.fork() == 0: time.sleep(60); os._exit(0)\nexcept"
                        + " OSError: print(\"full\", flush=True); time.sleep(1); raise SystemExit(1)'",
                60,
                observer);
        assertThat(observer.text(CallObserver.Stream.STDOUT)).isEqualTo("full\n");
        assertThat(outcome.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
        assertThat(outcome.message()).isEqualTo(PROCESSES);
        CallOutcome endless =
                run(conversation, bench.shell(), "f() { f | f & }; while :; do f; done", 60, new RecordingObserver());
        assertThat(endless.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
        assertThat(endless.message()).isEqualTo(PROCESSES);
        assertThat(output(bench.shell(), "echo on")).isEqualTo("on\n");
    }

    @Test
    @DisplayName(
            "A.1 a fork bomb that never gives up is ended when its time is up; the limit of processes is named too")
    void endlessForkBomb() throws Exception {
        String command = "echo there; exec python3 -c 'import os\nwhile True:\n try: os.fork()\n except OSError: pass'";
        output(bench.shell(), "true");
        String container = bench.containerOf(conversation);
        RecordingObserver observer = new RecordingObserver();
        CallHandle bomb = bench.start(
                Bench.newCall(), conversation, bench.shell(), command, observer, Bench.limits(5, 5, Bench.MIB));
        observer.await("there\n");
        long begun = System.nanoTime();
        int most = 0;
        while (!bomb.outcome().toCompletableFuture().isDone()) {
            most = Math.max(most, processesOf(container));
        }
        CallOutcome outcome = Bench.await(bomb);
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
                .as("the call and its deadline of 5 s")
                .isLessThan(Duration.ofSeconds(5 + 5));
        // On a busy machine few looks are had, and not at the peak; that it met its limit is told below.
        assertThat(most).as("processes that the host saw of it").isBetween(2, 199);
        // None of them outlives the call.
        assertThat(output(bench.shell(), "ls -d /proc/[0-9]* | wc -l").strip())
                .satisfies(left -> assertThat(Integer.parseInt(left)).isLessThan(15));
        assertThat(outcome.reason()).isEqualTo(Reason.TIMEOUT);
        assertThat(outcome.message()).isEqualTo("stopped after 5 s (limit in all); do less in one call; " + PROCESSES);
        assertThat(output(bench.shell(), "echo on")).isEqualTo("on\n");
    }

    @Test
    @DisplayName("A.1 who meets the limit of processes and succeeds all the same is told of it")
    void limitMetOnTheWay() throws Exception {
        String command =
                "exec python3 -c 'import os, time\ntry:\n while True:\n  if os.fork() == 0: time.sleep(60); os._exit(0)\nexcept OSError: os._exit(0)'";
        CallOutcome outcome = run(conversation, bench.shell(), command, 60, new RecordingObserver());
        assertThat(outcome.reason()).isEqualTo(Reason.EXITED);
        assertThat(outcome.exit()).isZero();
        assertThat(outcome.message()).isEqualTo(PROCESSES);
    }

    @Test
    @DisplayName(
            "A.1 what earlier calls left behind makes room for the next call; while nothing can, the limit is named")
    void fullOfProcesses() throws Exception {
        // It meets no limit: what it leaves behind takes the last places when it has ended.
        String fill = """
                exec python3 -c '
                import os, time
                parent = os.getpid()
                if os.fork() == 0:
                 while os.path.exists("/proc/%d" % parent): pass
                 full = 0
                 while full < 5:  # a look at the disk is a process too, for a moment
                  if sum(name.isdigit() for name in os.listdir("/proc")) >= 160:
                   full += 1
                   time.sleep(0.1)
                   continue
                  full = 0
                  try:
                   if os.fork() == 0: break
                  except OSError: pass  # whoever has just ended still counts for a moment
                 time.sleep(600)'
                """;
        assertThat(run(conversation, bench.shell(), fill, 60, new RecordingObserver())
                        .message())
                .isNull();
        awaitProcesses(160);
        assertThat(output(bench.shell(), "echo on")).isEqualTo("on\n");

        RecordingObserver observer = new RecordingObserver();
        CallHandle full = bench.start(
                conversation,
                bench.shell(),
                "exec python3 -c '\nimport os, time\nfull = False\nwhile True:\n try:\n  if os.fork() == 0: time.sleep(60);"
                        + " os._exit(0)\n except OSError:\n  if not full: print(\"full\", flush=True)\n  full = True'",
                observer);
        observer.await("full");
        CallOutcome none = run(conversation, bench.shell(), "true", 60, new RecordingObserver());
        assertThat(none.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
        assertThat(none.message()).isEqualTo("the program could not be started: " + PROCESSES);
        full.cancel();
        assertThat(Bench.await(full).reason()).isEqualTo(Reason.CANCELLED);
        assertThat(output(bench.shell(), "echo on")).isEqualTo("on\n");
    }

    private void awaitProcesses(int count) throws Exception {
        String container = bench.containerOf(conversation);
        long deadline = System.nanoTime() + Bench.PATIENCE.toNanos();
        while (processesOf(container) < count) {
            assertThat(System.nanoTime()).as("%s processes", count).isLessThan(deadline);
        }
    }

    @Test
    @DisplayName("A.2 what takes too much memory is ended, which is named, and the machine keeps its own")
    void memory() throws Exception {
        CallOutcome outcome = run(conversation, bench.shell(), "tail /dev/zero", 60, new RecordingObserver());
        assertThat(outcome.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
        assertThat(outcome.message()).startsWith("out of memory (limit 512 MiB)");
        assertThat(outcome.exit()).isEqualTo(137);
        CallOutcome third = run(conversation, thirdParty(), "tail /dev/zero", 60, new RecordingObserver());
        assertThat(third.message()).startsWith("out of memory (limit 512 MiB)");
        assertThat(third.exit()).isEqualTo(137);
        assertThat(output(bench.shell(), "echo on")).isEqualTo("on\n");
    }

    @Test
    @DisplayName("A.3 eight busy loops get no more than the one processor of their sandbox, as the host counts it")
    void cpu() throws Exception {
        InstalledAction one = Declared.resources(
                bench.actions.action("acme/busy", false, TestActions.SHELL),
                new Manifest.Resources(1.0, null, null, null));
        RecordingObserver observer = new RecordingObserver();
        CallHandle call = bench.start(
                conversation,
                TestActions.task(one, "shell"),
                "for i in 1 2 3 4 5 6 7 8; do while :; do :; done & done; echo there; wait",
                observer);
        observer.await("there\n");
        double rate = processorsUsed(bench.containerOf(conversation), 15);
        call.cancel();
        Bench.await(call);
        assertThat(rate).as("seconds of processors in a second").isBetween(0.05, 1.15);
    }

    /** What the cgroup of a container has used, on the average of that many of the engine's looks, a second apart. */
    private static double processorsUsed(String container, int looks) throws Exception {
        List<Statistics> seen = new CopyOnWriteArrayList<>();
        CountDownLatch enough = new CountDownLatch(looks);
        try (ResultCallback.Adapter<Statistics> all = new ResultCallback.Adapter<>() {
            @Override
            public void onNext(Statistics look) {
                seen.add(look);
                enough.countDown();
            }
        }) {
            bench.engine.streams().statsCmd(container).exec(all);
            assertThat(enough.await(Bench.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
        }
        Statistics first = seen.get(0);
        Statistics last = seen.get(looks - 1);
        long used = used(last) - used(first);
        return (double) used
                / Duration.between(Instant.parse(first.getRead()), Instant.parse(last.getRead()))
                        .toNanos();
    }

    private static long used(Statistics look) {
        return look.getCpuStats().getCpuUsage().getTotalUsage();
    }

    @Test
    @DisplayName("A.7 who opens files without end is told that there are too many; the machine hardly notices")
    void files() throws Exception {
        output(bench.shell(), "true");
        long before = openFiles();
        RecordingObserver observer = new RecordingObserver();
        CallHandle call = bench.start(
                conversation,
                bench.shell(),
                "python3 -c '\nimport errno, time\nfiles = []\ntry:\n while len(files) < 100000:"
                        + " files.append(open(\"/dev/null\"))\nexcept OSError as e: print(errno.errorcode[e.errno], len(files),"
                        + " flush=True)\ntime.sleep(60)'",
                observer);
        observer.await("EMFILE");
        // While they are open.
        long more = openFiles() - before;
        call.cancel();
        assertThat(Bench.await(call).reason()).isEqualTo(Reason.CANCELLED);
        String[] said = observer.text(CallObserver.Stream.STDOUT).strip().split(" ");
        assertThat(said[0]).isEqualTo("EMFILE");
        int opened = Integer.parseInt(said[1]);
        assertThat(opened).isBetween(100, 4100);
        assertThat(more)
                .as("files of the host, of which %d are the program's", opened)
                .isBetween(opened / 2L, 4999L);
    }

    private static long openFiles() throws Exception {
        try (InputStream kernel = Files.newInputStream(Path.of("/proc/sys/fs/file-nr"))) {
            // In one piece: of a second one the kernel gives nothing.
            return Long.parseLong(new String(kernel.readNBytes(100), StandardCharsets.US_ASCII).split("\\s")[0]);
        }
    }

    @Test
    @DisplayName("A.8 a third party's program is not root, has no rights, and cannot write outside its places")
    void notRoot() throws Exception {
        assertThat(output(
                        thirdParty(),
                        "id -u; grep -h '^Cap[EB]\\|^NoNewPrivs\\|^Seccomp:' /proc/self/status | tr -s '\\t' ' '; touch /x"
                                + " 2>&1 | sed 's/.*: //'; touch /usr/bin/x 2>&1 | sed 's/.*: //'"))
                .isEqualTo("65532\nCapEff: 0000000000000000\nCapBnd: 0000000000000000\nNoNewPrivs: 1\nSeccomp: 2\n"
                        + "Read-only file system\nRead-only file system\n");
    }

    @Test
    @DisplayName("A.10 every probe of the walls is denied, as root in the workspace and as a third party")
    void probes() throws Exception {
        Path canary = Files.writeString(directory.resolve("canary"), "untouched");
        for (InstalledTask task : List.of(bench.shell(), thirdParty())) {
            String said = output(task, Probes.script(ProcessHandle.current().pid()));
            assertThat(said.lines())
                    .as(said)
                    .hasSizeGreaterThanOrEqualTo(40)
                    .allMatch(line -> line.matches("denied .+"));
            assertThat(output(
                            task,
                            "cat '" + canary + "' 2>/dev/null; ls /host /mnt /media 2>/dev/null | grep -v :; true"))
                    .isBlank();
        }
        assertThat(canary).hasContent("untouched");
    }

    @Test
    @DisplayName("A.10 the probes find the walls that are missing: planted in a container with too many rights")
    void plantedHole() throws Exception {
        Process planted = new ProcessBuilder("sleep", "600").start();
        String container = bench.docker()
                .createContainerCmd(bench.images().base())
                .withLabels(new Labels(bench.instance()).filter())
                .withUser("0:0")
                .withEntrypoint("/bin/sh", "-c", Probes.script(planted.pid()))
                .withHostConfig(HostConfig.newHostConfig()
                        .withCapAdd(
                                Capability.SYS_ADMIN, Capability.SYS_CHROOT, Capability.SYS_NICE, Capability.SYS_PTRACE)
                        .withSecurityOpts(List.of("seccomp=unconfined"))
                        .withPidMode("host")
                        .withNetworkMode("none"))
                .exec()
                .getId();
        StringBuilder said = new StringBuilder();
        try (ResultCallback.Adapter<Frame> lines = new ResultCallback.Adapter<>() {
            @Override
            public void onNext(Frame frame) {
                said.append(new String(frame.getPayload(), StandardCharsets.UTF_8));
            }
        }) {
            bench.docker().startContainerCmd(container).exec();
            bench.engine
                    .streams()
                    .waitContainerCmd(container)
                    .exec(new WaitContainerResultCallback())
                    .awaitStatusCode((int) Bench.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            bench.engine
                    .streams()
                    .logContainerCmd(container)
                    .withStdOut(true)
                    .withStdErr(true)
                    .exec(lines)
                    .awaitCompletion(Bench.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } finally {
            bench.docker().removeContainerCmd(container).withForce(true).exec();
            planted.destroyForcibly();
        }
        assertThat(Probes.succeeded(said.toString())).containsAll(Probes.WITH_TOO_MANY_RIGHTS);
    }

    @Test
    @DisplayName("A.12 a program that listens on every address of its sandbox is not heard on the machine")
    void ports() throws Exception {
        RecordingObserver observer = new RecordingObserver();
        CallHandle call = bench.start(
                conversation,
                bench.shell(),
                // Of a port that the machine gives to nobody who asks for any.
                "python3 -c '\nimport socket, time\ns = socket.create_server((\"0.0.0.0\", 28999))\nprint(\"there\","
                        + " flush=True); time.sleep(60)'",
                observer);
        observer.await("there\n");
        assertThat(listening()).doesNotContain(28_999);
        var inspected = bench.docker()
                .inspectContainerCmd(bench.containerOf(conversation))
                .exec();
        assertThat(inspected.getNetworkSettings().getPorts().getBindings()).isEmpty();
        // The look finds what does listen.
        try (ServerSocket planted = new ServerSocket(0, 1, InetAddress.getByName("0.0.0.0"))) {
            assertThat(listening()).contains(planted.getLocalPort());
        }
        call.cancel();
        Bench.await(call);
    }

    private static TreeSet<Integer> listening() throws Exception {
        TreeSet<Integer> ports = new TreeSet<>();
        for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            Files.readString(Path.of(table)).lines().skip(1).forEach(line -> {
                String[] fields = line.strip().split("\\s+");
                if (fields[3].equals("0A")) {
                    ports.add(Integer.parseInt(fields[1].substring(fields[1].lastIndexOf(':') + 1), 16));
                }
            });
        }
        return ports;
    }

    @Test
    @DisplayName("A.15 nothing of one conversation is seen in another: no file, no process, no container")
    void residue() throws Exception {
        String plant = "echo secret > /tmp/x; echo secret > /workspace/x; nohup sleep 987 > /dev/null 2>&1 & echo";
        String look =
                "cat /tmp/x /workspace/x 2>/dev/null; for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline 2>/dev/null;"
                        + " done | grep -o 'sleep 98[7]'; true";
        output(bench.shell(), plant);
        // The same look finds it where it belongs.
        assertThat(output(bench.shell(), look)).isEqualTo("secret\nsecret\nsleep 987\n");
        String other = "c-" + UUID.randomUUID();
        try {
            RecordingObserver observer = new RecordingObserver();
            run(other, bench.shell(), look, 60, observer);
            assertThat(observer.text(CallObserver.Stream.STDOUT)).isEmpty();
            assertThat(bench.containerOf(other)).isNotEqualTo(bench.containerOf(conversation));
        } finally {
            bench.runner().release(other);
        }
    }

    @Test
    @DisplayName("A.22 without a grant nothing is reached: only the loopback, with nothing of the machine on it")
    void network() throws Exception {
        try (ServerSocket ofHost = new ServerSocket(0, 50, InetAddress.getByName("0.0.0.0"))) {
            String command = "ls /sys/class/net; python3 -c '\nimport socket, time\nfor a in [(\"127.0.0.1\", %1$d),"
                    + " (\"172.17.0.1\", %1$d), (\"1.1.1.1\", 53), (\"169.254.169.254\", 80), (\"8.8.8.8\", 443)]:\n t ="
                    + " time.monotonic()\n try: socket.create_connection(a, 4); print(\"reached\", a)\n except OSError:"
                    + " print(\"no\", time.monotonic() - t < 5)\nt = time.monotonic()\ntry:"
                    + " socket.getaddrinfo(\"example.com\", 80); print(\"resolved\")\nexcept OSError: print(\"no name\","
                    + " time.monotonic() - t < 5)\ns = socket.create_server((\"127.0.0.1\","
                    + " 0))\nsocket.create_connection(s.getsockname(), 4)\nprint(\"itself\")'";
            for (InstalledTask task : List.of(bench.shell(), thirdParty())) {
                assertThat(output(task, String.format(command, ofHost.getLocalPort())))
                        .isEqualTo("lo\n" + "no True\n".repeat(5) + "no name True\nitself\n");
            }
        }
    }
}
