package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.WaitContainerResultCallback;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.HostConfig;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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
            "too many processes (limit 256); run fewer at a time, or raise pids in etc/org.rungpt.runner.docker.cfg";

    /** Each prints its name if it succeeds. The first three harm nobody, wherever they succeed. */
    private static final List<String> PROBES = List.of(
            "mount -t tmpfs none /mnt",
            "mknod /tmp/disk b 8 0",
            "unshare -m true",
            "unshare -Ur true",
            "sh -c 'echo x > /proc/sys/kernel/core_pattern'",
            "sh -c 'echo x > /proc/sysrq-trigger'",
            "sh -c 'echo /x > /sys/fs/cgroup/memory/release_agent'",
            "sh -c 'mkdir /sys/fs/cgroup/memory/x'",
            "dd if=/proc/kcore of=/tmp/kcore bs=1 count=1",
            "dd if=/dev/mem of=/tmp/mem bs=1 count=1",
            "ls /var/run/docker.sock",
            "ls /dev/sda",
            "dmesg",
            "nsenter -t 1 -m true",
            "chroot / true",
            "hostname other",
            "date -s 2001-01-01",
            "swapon /tmp/swap",
            "losetup /dev/loop0 /etc/hostname",
            "ip link add dummy0 type dummy",
            // keyctl, bpf, open_by_handle_at, kexec_load, init_module, userfaultfd, perf_event_open
            syscall("keyctl", 250, "0, -3, 1"),
            syscall("bpf", 321, "0, 0, 0"),
            syscall("open_by_handle_at", 304, "0, 0, 0"),
            syscall("kexec_load", 246, "0, 0, 0, 0"),
            syscall("init_module", 175, "0, 0, 0"),
            syscall("userfaultfd", 323, "0"),
            syscall("perf_event_open", 298, "0, 0, -1, -1, 0"));

    @TempDir
    static Path directory;

    private static Bench bench;

    private final String conversation = "c-" + UUID.randomUUID();

    private static String syscall(String name, int number, String arguments) {
        return "python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(" + number + ", " + arguments
                + ") < 0)' " + name;
    }

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
                .as("%s %s", command, observer.text(CallObserver.Stream.STDERR))
                .isZero();
        return observer.text(CallObserver.Stream.STDOUT);
    }

    private static long processes() throws Exception {
        try (Stream<Path> all = Files.list(Path.of("/proc"))) {
            return all.filter(path -> path.getFileName().toString().matches("\\d+"))
                    .count();
        }
    }

    @Test
    @DisplayName("A.1 a fork bomb stops at the limit of processes, which is named; the next call works")
    void forkBomb() throws Exception {
        output(bench.shell(), "true");
        long before = processes();
        RecordingObserver observer = new RecordingObserver();
        CallOutcome outcome = run(
                conversation,
                bench.shell(),
                "python3 -c '\nimport os, time\ntry:\n while True:\n  if os.fork() == 0: time.sleep(60); os._exit(0)\nexcept"
                        + " OSError: print(\"full\", flush=True); time.sleep(1); raise SystemExit(1)'",
                30,
                observer);
        assertThat(observer.text(CallObserver.Stream.STDOUT)).isEqualTo("full\n");
        assertThat(outcome.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
        assertThat(outcome.message()).isEqualTo(PROCESSES);
        assertThat(processes() - before).isLessThan(300);
        CallOutcome endless =
                run(conversation, bench.shell(), "f() { f | f & }; while :; do f; done", 4, new RecordingObserver());
        assertThat(endless.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
        assertThat(endless.message()).isEqualTo(PROCESSES);
        assertThat(output(bench.shell(), "echo on")).isEqualTo("on\n");
    }

    @Test
    @DisplayName(
            "A.1 a fork bomb that never gives up is ended when its time is up; the limit of processes is named too")
    void endlessForkBomb() throws Exception {
        String command = "exec python3 -c 'import os\nwhile True:\n try: os.fork()\n except OSError: pass'";
        CallOutcome outcome = run(conversation, bench.shell(), command, 2, new RecordingObserver());
        assertThat(outcome.reason()).isEqualTo(Reason.TIMEOUT);
        assertThat(outcome.message()).isEqualTo("stopped after 2 s (limit in all); do less in one call; " + PROCESSES);
        assertThat(output(bench.shell(), "echo on")).isEqualTo("on\n");
    }

    @Test
    @DisplayName("A.1 who meets the limit of processes and succeeds all the same is told of it")
    void limitMetOnTheWay() throws Exception {
        String command =
                "exec python3 -c 'import os, time\ntry:\n while True:\n  if os.fork() == 0: time.sleep(60); os._exit(0)\nexcept OSError: os._exit(0)'";
        CallOutcome outcome = run(conversation, bench.shell(), command, 30, new RecordingObserver());
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
                  if sum(name.isdigit() for name in os.listdir("/proc")) >= 256:
                   full += 1
                   time.sleep(0.1)
                   continue
                  full = 0
                  try:
                   if os.fork() == 0: break
                  except OSError: pass  # whoever has just ended still counts for a moment
                 time.sleep(600)'
                """;
        assertThat(run(conversation, bench.shell(), fill, 30, new RecordingObserver())
                        .message())
                .isNull();
        awaitProcesses(256);
        assertThat(output(bench.shell(), "echo on")).isEqualTo("on\n");

        RecordingObserver observer = new RecordingObserver();
        CallHandle full = bench.start(
                conversation,
                bench.shell(),
                "exec python3 -c '\nimport os, time\ntry:\n while True:\n  if os.fork() == 0: time.sleep(60)\nexcept OSError:"
                        + " print(\"full\", flush=True); time.sleep(60)'",
                observer);
        observer.await("full");
        CallOutcome none = run(conversation, bench.shell(), "true", 10, new RecordingObserver());
        assertThat(none.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
        assertThat(none.message()).isEqualTo("the program could not be started: " + PROCESSES);
        full.cancel();
        assertThat(Bench.await(full).reason()).isEqualTo(Reason.CANCELLED);
        assertThat(output(bench.shell(), "echo on")).isEqualTo("on\n");
    }

    private void awaitProcesses(int count) throws Exception {
        String container = bench.containerOf(conversation);
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (bench.docker().topContainerCmd(container).exec().getProcesses().length < count) {
            assertThat(System.nanoTime()).as("%s processes", count).isLessThan(deadline);
        }
    }

    @Test
    @DisplayName("A.2 what takes too much memory is ended, which is named, and the machine keeps its own")
    void memory() throws Exception {
        CallOutcome outcome = run(conversation, bench.shell(), "tail /dev/zero", 60, new RecordingObserver());
        assertThat(outcome.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
        assertThat(outcome.message()).startsWith("out of memory (limit 512 MiB)");
        CallOutcome third = run(conversation, thirdParty(), "tail /dev/zero", 60, new RecordingObserver());
        assertThat(third.message()).startsWith("out of memory (limit 512 MiB)");
        assertThat(output(bench.shell(), "echo on")).isEqualTo("on\n");
    }

    @Test
    @DisplayName("A.3 eight busy loops get no more than the processors of their sandbox")
    void cpu() throws Exception {
        InstalledAction half = Declared.resources(
                bench.actions.action("acme/busy", false, TestActions.SHELL),
                new Manifest.Resources(0.5, null, null, null));
        String measured = output(
                TestActions.task(half, "shell"),
                "python3 -c '\nimport os, time\ndef used():\n t = 0\n for p in filter(str.isdigit, os.listdir(\"/proc\")):\n"
                        + "  try: f = open(\"/proc/%s/stat\" % p).read().rsplit(\")\", 1)[1].split(); t += int(f[11]) +"
                        + " int(f[12])\n  except OSError: pass\n return t / os.sysconf(\"SC_CLK_TCK\")\nfor i in range(8):\n"
                        + " if os.fork() == 0:\n  e = time.monotonic() + 6\n  while time.monotonic() < e: pass\n  os._exit(0)\ntime.sleep(0.5); a = used(); t = time.monotonic();"
                        + " time.sleep(4); print((used() - a) / (time.monotonic() - t), flush=True)'");
        assertThat(Double.parseDouble(measured.strip())).isLessThan(0.5 * 1.15);
    }

    @Test
    @DisplayName("A.7 who opens files without end is told that there are too many; the machine hardly notices")
    void files() throws Exception {
        output(bench.shell(), "true");
        long before = openFiles();
        String said = output(
                bench.shell(),
                "python3 -c '\nimport errno\nfiles = []\ntry:\n while len(files) < 100000: files.append(open(\"/dev/null\"))\n"
                        + "except OSError as e: print(errno.errorcode[e.errno], len(files) < 4100, open)'");
        assertThat(said).startsWith("EMFILE True");
        assertThat(openFiles() - before).isLessThan(5000);
    }

    private static long openFiles() throws Exception {
        return Long.parseLong(Files.readString(Path.of("/proc/sys/fs/file-nr")).split("\\s")[0]);
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
    @DisplayName("A.10 every probe of the walls fails, as root in the workspace and as a third party")
    void probes() throws Exception {
        Path canary = Files.writeString(directory.resolve("canary"), "untouched");
        for (InstalledTask task : List.of(bench.shell(), thirdParty())) {
            assertThat(output(task, script(PROBES)).lines().filter(line -> !line.equals("chroot / true")))
                    .isEmpty();
            assertThat(output(
                            task,
                            "cat '" + canary + "' 2>/dev/null; ls /host /mnt /media 2>/dev/null | grep -v :; true"))
                    .isBlank();
        }
        assertThat(canary).hasContent("untouched");
    }

    private static String script(List<String> probes) {
        StringBuilder script = new StringBuilder();
        for (String probe : probes) {
            script.append("if timeout 5 ")
                    .append(probe)
                    .append(" >/dev/null 2>&1; then echo \"")
                    .append(probe.replace("\"", ""))
                    .append("\"; fi; ");
        }
        return script + "true";
    }

    @Test
    @DisplayName("A.10 the probes find a wall that is missing: planted in a container with too many rights")
    void plantedHole() throws Exception {
        String container = bench.docker()
                .createContainerCmd(bench.images().base())
                .withLabels(new Labels(bench.instance()).filter())
                .withUser("0:0")
                .withEntrypoint("/bin/sh", "-c", script(PROBES.subList(0, 3)))
                .withHostConfig(HostConfig.newHostConfig()
                        .withCapAdd(Capability.SYS_ADMIN)
                        .withSecurityOpts(List.of("seccomp=unconfined"))
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
                    .awaitStatusCode(30, TimeUnit.SECONDS);
            bench.engine
                    .streams()
                    .logContainerCmd(container)
                    .withStdOut(true)
                    .exec(lines)
                    .awaitCompletion(10, TimeUnit.SECONDS);
        } finally {
            bench.docker().removeContainerCmd(container).withForce(true).exec();
        }
        assertThat(said.toString().lines()).contains("mount -t tmpfs none /mnt", "unshare -m true");
    }

    @Test
    @DisplayName("A.12 a program that listens on every address of its sandbox is not heard on the machine")
    void ports() throws Exception {
        RecordingObserver observer = new RecordingObserver();
        CallHandle call = bench.start(
                conversation,
                bench.shell(),
                "python3 -c '\nimport socket, time\ns = socket.create_server((\"0.0.0.0\", 48999))\nprint(\"there\","
                        + " flush=True); time.sleep(60)'",
                observer);
        observer.await("there\n");
        assertThat(listening()).doesNotContain(48_999);
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
                    + " print(\"no\", time.monotonic() - t < 5)\ntry: socket.getaddrinfo(\"example.com\", 80);"
                    + " print(\"resolved\")\nexcept OSError: print(\"no name\")\ns = socket.create_server((\"127.0.0.1\","
                    + " 0))\nsocket.create_connection(s.getsockname(), 4)\nprint(\"itself\")'";
            for (InstalledTask task : List.of(bench.shell(), thirdParty())) {
                assertThat(output(task, String.format(command, ofHost.getLocalPort())))
                        .isEqualTo("lo\n" + "no True\n".repeat(5) + "no name\nitself\n");
            }
        }
    }
}
