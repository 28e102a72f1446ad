package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.LogConfig;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** What a program in a sandbox can and cannot do. */
@Tag("docker")
final class SandboxIT {
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

    private String output(String command) throws Exception {
        RecordingObserver observer = new RecordingObserver();
        CallOutcome outcome = Bench.await(bench.start(conversation, bench.shell(), command, observer));
        assertThat(outcome.exit())
                .as("%s %s", command, observer.text(Stream.STDERR))
                .isZero();
        return observer.text(Stream.STDOUT);
    }

    private InspectContainerResponse inspect() throws Exception {
        return bench.docker()
                .inspectContainerCmd(bench.containerOf(conversation))
                .exec();
    }

    @Test
    void workspaceSandboxPassesTheInspectGate() throws Exception {
        output("true");
        InspectContainerResponse container = inspect();
        assertThat(violations(container)).isEmpty();
        assertThat(container.getHostConfig().getReadonlyRootfs()).isFalse();
        assertThat(container.getHostConfig().getCapAdd())
                .containsExactlyInAnyOrder(
                        Capability.CHOWN,
                        Capability.DAC_OVERRIDE,
                        Capability.FOWNER,
                        Capability.KILL,
                        Capability.SETGID,
                        Capability.SETUID);
        assertThat(container.getMounts())
                .extracting(mount -> mount.getDestination().getPath() + (mount.getRW() ? "" : " read-only"))
                .containsExactlyInAnyOrder("/workspace", "/run/rungpt/egress read-only");
    }

    @Test
    void thirdPartySandboxPassesTheInspectGate() throws Exception {
        InstalledAction acme = bench.actions.action(
                "acme/plot",
                false,
                TestActions.SHELL,
                "version",
                UUID.randomUUID().toString());
        RecordingObserver observer = new RecordingObserver();
        String probe =
                "id -u; grep -h '^Cap[EB]\\|^NoNewPrivs\\|^Seccomp:' /proc/self/status; touch /x || echo refused;"
                        + " touch /tmp/y /workspace/z && echo written; pwd; ls /rungpt/actions";
        CallOutcome outcome = Bench.await(bench.start(conversation, TestActions.task(acme, "shell"), probe, observer));

        assertThat(outcome.exit()).isZero();
        assertThat(observer.text(Stream.STDOUT).lines())
                .containsExactly(
                        "65532",
                        "CapEff:\t0000000000000000",
                        "CapBnd:\t0000000000000000",
                        "NoNewPrivs:\t1",
                        "Seccomp:\t2",
                        "refused",
                        "written",
                        "/workspace",
                        "acme");
        assertThat(observer.steps()).anyMatch(step -> step.contains("building the image of acme/plot"));
        InspectContainerResponse container = inspect();
        assertThat(violations(container)).isEmpty();
        assertThat(container.getHostConfig().getReadonlyRootfs()).isTrue();
        assertThat(container.getHostConfig().getCapAdd()).isNullOrEmpty();
        assertThat(container.getMounts())
                .extracting(mount -> mount.getDestination().getPath() + (mount.getRW() ? "" : " read-only"))
                .containsExactly("/run/rungpt/egress read-only");
    }

    /** The attributes that security asks of every container. */
    private static List<String> violations(InspectContainerResponse container) {
        HostConfig host = container.getHostConfig();
        List<String> found = new ArrayList<>();
        check(found, "privileged", !Boolean.TRUE.equals(host.getPrivileged()));
        check(found, "capabilities", List.of(host.getCapDrop()).equals(List.of(Capability.ALL)));
        check(found, "new privileges", host.getSecurityOpts().equals(List.of("no-new-privileges:true")));
        check(found, "network", "none".equals(host.getNetworkMode()));
        check(found, "ipc", "private".equals(host.getIpcMode()));
        check(found, "pid", host.getPidMode() == null || host.getPidMode().isEmpty());
        check(found, "memory", host.getMemory() == 512 * Bench.MIB && host.getMemorySwap() == 512 * Bench.MIB);
        check(found, "oom killer", !Boolean.TRUE.equals(host.getOomKillDisable()));
        check(found, "pids", host.getPidsLimit() == 160);
        check(found, "cpu", host.getCpuQuota() > 0);
        check(found, "ulimits", host.getUlimits().length == 3);
        check(found, "devices", host.getDevices() == null || host.getDevices().length == 0);
        check(found, "binds", host.getBinds() == null || host.getBinds().length == 0);
        check(
                found,
                "restart",
                List.of("", "no").contains(host.getRestartPolicy().getName()));
        check(
                found,
                "ports",
                (host.getPortBindings() == null
                                || host.getPortBindings().getBindings().isEmpty())
                        && !Boolean.TRUE.equals(host.getPublishAllPorts()));
        check(found, "log", host.getLogConfig().getType() == LogConfig.LoggingType.NONE);
        check(found, "init", Boolean.TRUE.equals(host.getInit()));
        check(found, "auto-remove", !Boolean.TRUE.equals(host.getAutoRemove()));
        check(
                found,
                "stdin",
                container.getConfig().getStdinOpen() && !container.getConfig().getStdInOnce());
        check(found, "tty", !container.getConfig().getTty());
        check(
                found,
                "labels",
                container
                        .getConfig()
                        .getLabels()
                        .keySet()
                        .containsAll(List.of(Labels.INSTANCE, Labels.SANDBOX, Labels.CONVERSATION, Labels.LEASE)));
        check(
                found,
                "host name",
                container
                        .getConfig()
                        .getHostName()
                        .equals(container.getConfig().getLabels().get(Labels.SANDBOX)));
        return found;
    }

    private static void check(List<String> found, String what, boolean good) {
        if (!good) {
            found.add(what);
        }
    }

    @Test
    void programsSeeNothingOfTheHost() throws Exception {
        String environment = output("env | cut -d= -f1 | sort | tr '\\n' ' '");
        assertThat(environment.split(" "))
                .isSubsetOf(
                        "HOME",
                        "LANG",
                        "PATH",
                        "PWD",
                        "OLDPWD",
                        "SHLVL",
                        "_",
                        "RUNGPT_ACTION",
                        "RUNGPT_CALL",
                        "RUNGPT_OUT",
                        "RUNGPT_SERVICE",
                        "RUNGPT_TOKEN",
                        "DEBIAN_FRONTEND",
                        "http_proxy",
                        "https_proxy",
                        "no_proxy",
                        "HTTP_PROXY",
                        "HTTPS_PROXY",
                        "NO_PROXY",
                        "NODE_USE_ENV_PROXY",
                        "DENO_NO_UPDATE_CHECK",
                        "JAVA_TOOL_OPTIONS",
                        "PIP_RETRIES",
                        "SSL_CERT_FILE",
                        "REQUESTS_CA_BUNDLE",
                        "NODE_EXTRA_CA_CERTS",
                        "DENO_TLS_CA_STORE");
        assertThat(output("ls /sys/class/net").strip()).isEqualTo("lo");
        assertThat(output("python3 -c '\nimport socket\nfor a in [(\"1.1.1.1\", 53), (\"172.17.0.1\", 80),"
                        + " (\"169.254.169.254\", 80)]:\n try: socket.create_connection(a, 3); print(\"reached\", a)\n except"
                        + " OSError: print(\"no\")'"))
                .isEqualTo("no\nno\nno\n");
    }

    @Test
    void outOfMemoryIsNamedAndTheSandboxGoesOn() throws Exception {
        CallOutcome outcome =
                Bench.await(bench.start(conversation, bench.shell(), "tail /dev/zero", new RecordingObserver()));
        assertThat(outcome.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
        assertThat(outcome.message())
                .isEqualTo(
                        "out of memory (limit 512 MiB); use less at a time, or raise memoryMiB in etc/org.rungpt.runner.docker.cfg");
        assertThat(output("echo on")).isEqualTo("on\n");
    }

    @Test
    @DisplayName("A.6 a program that opens too many files is told of the limit")
    void tooManyOpenFilesAreNamed() throws Exception {
        CallOutcome outcome = Bench.await(bench.start(
                conversation,
                bench.shell(),
                "exec python3 -c 'x = [open(\"/dev/null\") for i in range(5000)]'",
                new RecordingObserver()));
        assertThat(outcome.exit()).isEqualTo(1);
        assertThat(outcome.message()).startsWith("too many open files (limit 4096 in a process); ");
    }

    @Test
    @DisplayName("A.4 a third party whose place is full is told of its size")
    void aFullPlaceOfAThirdPartyIsNamed() throws Exception {
        InstalledAction acme = bench.actions.action(
                "acme/full",
                false,
                TestActions.SHELL,
                "version",
                UUID.randomUUID().toString());
        CallOutcome outcome = Bench.await(bench.start(
                conversation,
                TestActions.task(acme, "shell"),
                "exec dd if=/dev/zero of=/tmp/f bs=1M",
                new RecordingObserver()));
        assertThat(outcome.exit()).isEqualTo(1);
        assertThat(outcome.message()).startsWith("disk limit: no space left where it wrote (64 MiB in /tmp");
    }

    @Test
    @DisplayName(
            "A.5 an output flood costs no heap, is stopped at its cap and says so, and leaves no log on the engine")
    void aFloodCostsNoHeapAndIsStopped() throws Exception {
        output("true");
        System.gc();
        long before = used();
        AtomicLong most = new AtomicLong();
        AtomicLong bytes = new AtomicLong();
        CallObserver counting = new CallObserver() {
            private int pieces;

            @Override
            public void output(Stream stream, long offset, ByteBuffer piece) {
                bytes.addAndGet(piece.remaining());
                if (++pieces % 200 == 0) {
                    System.gc();
                    most.accumulateAndGet(used(), Math::max);
                }
            }
        };
        CallOutcome outcome = Bench.await(bench.start(
                Bench.newCall(), conversation, bench.shell(), "yes", counting, Bench.limits(60, 60, 64 * Bench.MIB)));
        assertThat(outcome.reason()).isEqualTo(Reason.OUTPUT_LIMIT);
        assertThat(outcome.message()).isEqualTo("more than 64 MiB of output (limit); print less, or into a file");
        assertThat(bytes.get()).isEqualTo(64 * Bench.MIB).isEqualTo(outcome.stdout());
        assertThat(most.get() - before).isLessThan(64 * Bench.MIB);
        assertThat(inspect().getHostConfig().getLogConfig().getType()).isEqualTo(LogConfig.LoggingType.NONE);
    }

    private static long used() {
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    @DisplayName(
            "I.103 a call is stopped within 6 s: it ignores SIGTERM, is stopped, reads stdin for ever, or has no output")
    void stubbornProgramsAreStopped() throws Exception {
        for (String command : List.of(
                "trap '' TERM; echo there; while :; do :; done",
                "echo there; kill -STOP $$; sleep 600",
                "echo there; mkfifo /tmp/never$$; exec cat /tmp/never$$",
                "echo there; exec >&- 2>&-; sleep 600")) {
            RecordingObserver observer = new RecordingObserver();
            CallHandle call = bench.start(conversation, bench.shell(), command, observer);
            observer.await("there\n");
            long before = System.nanoTime();
            call.cancel();
            assertThat(Bench.await(call).reason()).as(command).isEqualTo(Reason.CANCELLED);
            assertThat(Duration.ofNanos(System.nanoTime() - before)).as(command).isLessThan(Duration.ofSeconds(6));
            // Nothing of it is left, neither running nor as a zombie.
            assertThat(output(
                            "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; grep '^State:.Z' $p/status; done 2>/dev/null"
                                    + " | grep -c 'while :[;]\\|sleep 60[0]\\|cat /tmp/neve[r]\\|Z (zombi[e])'; true"))
                    .as(command)
                    .isEqualTo("0\n");
        }
    }

    @Test
    @DisplayName("I.103 the exit status or the signal of a program is told as it was, whatever became of its output")
    void theExitStatusIsTheProgramsOwn() throws Exception {
        for (String command : List.of("exit 3", "exec >&- 2>&-; exit 3", "trap 'exit 3' TERM; kill -TERM $$; exit 4")) {
            CallOutcome outcome =
                    Bench.await(bench.start(conversation, bench.shell(), command, new RecordingObserver()));
            assertThat(outcome.reason()).as(command).isEqualTo(Reason.EXITED);
            assertThat(outcome.exit()).as(command).isEqualTo(3);
        }
        for (int signal : new int[] {6, 9, 11, 15}) {
            CallOutcome outcome = Bench.await(bench.start(
                    conversation,
                    bench.shell(),
                    "exec python3 -c 'import os; os.kill(os.getpid(), " + signal + ")'",
                    new RecordingObserver()));
            assertThat(outcome.exit() == null ? "ended by signal " + signal : "" + (outcome.exit() - 128))
                    .isEqualTo(outcome.exit() == null ? outcome.message() : "" + signal);
        }
    }

    @Test
    @DisplayName(
            "I.103 thousands of children that nobody waits for leave no zombies, and the exit status is the program's")
    void noZombies() throws Exception {
        CallOutcome outcome = Bench.await(bench.start(
                conversation,
                bench.shell(),
                "i=0; while [ $i -lt 10000 ]; do (: &); i=$((i+1)); done; exit 7",
                new RecordingObserver()));
        assertThat(outcome.exit()).isEqualTo(7);
        String zombies = "";
        for (int attempt = 0; attempt < 50; attempt++) {
            zombies = output("grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null; true");
            if (zombies.isEmpty()) {
                break;
            }
        }
        assertThat(zombies).isEmpty();
    }

    @Test
    void aKilledSandboxEndsItsCallsAndTheNextCallHasTheSameWorkspace() throws Exception {
        output("echo kept > file; echo lost > /root/file");
        RecordingObserver observer = new RecordingObserver();
        CallHandle call = bench.start(conversation, bench.shell(), "echo there; sleep 600", observer);
        observer.await("there\n");
        String first = bench.containerOf(conversation);

        bench.docker().killContainerCmd(first).exec();
        CallOutcome outcome = Bench.await(call);
        assertThat(outcome.reason()).isEqualTo(Reason.SANDBOX_LOST);
        assertThat(outcome.message()).isEqualTo("the sandbox ended (exit code 137)");
        assertThat(outcome.stdout()).isEqualTo(6);
        assertThat(output("cat file; ls /root")).isEqualTo("kept\n");
        assertThat(bench.containerOf(conversation)).isNotEqualTo(first);
    }

    @Test
    void aSandboxThatBreaksTheProtocolIsEnded() throws Exception {
        // Root in the workspace reaches the stdout of the service, and forges a frame.
        RecordingObserver observer = new RecordingObserver();
        CallHandle call = bench.start(
                conversation,
                bench.shell(),
                "echo there; for p in /proc/[0-9]*; do if tr '\\0' ' ' < $p/cmdline | grep -q 'action-service --lease' &&"
                        + " [ $(cat $p/comm) = python3 ]; then echo '{\"jsonrpc\":\"2.0\",\"id\":77777,\"result\":{}}' >"
                        + " $p/fd/1; fi; done; sleep 600",
                observer);
        CallOutcome outcome = Bench.await(call);
        assertThat(outcome.reason()).isEqualTo(Reason.SANDBOX_LOST);
        assertThat(outcome.message())
                .isEqualTo("the sandbox was ended because it broke the protocol: it answered what nobody asked");
        assertThat(output("echo on")).isEqualTo("on\n");
    }

    @Test
    void newBuiltInActionsComeWithANewSandboxWhileRunningCallsFinish() throws Exception {
        RecordingObserver observer = new RecordingObserver();
        CallHandle call = bench.start(
                conversation, bench.shell(), "echo there; while [ ! -e go ]; do sleep 0.05; done; echo end", observer);
        observer.await("there\n");
        InstalledAction more = bench.actions.action("rungpt/more", true, TestActions.SHELL);
        bench.registry(List.of(bench.tools, more));

        assertThat(output("ls /rungpt/actions/rungpt; touch go")).isEqualTo("more\ntools\n");
        assertThat(Bench.await(call).exit()).isZero();
        assertThat(observer.text(Stream.STDOUT)).isEqualTo("there\nend\n");
        // Without the registry, as while it is updated, nothing changes.
        String container = bench.containerOf(conversation);
        bench.registry(List.of());
        output("true");
        assertThat(bench.containerOf(conversation)).isEqualTo(container);
    }

    @Test
    void setupRunsOnceWhenTheImageIsBuiltAndWithoutNetwork() throws Exception {
        InstalledAction acme = bench.actions.action(
                "acme/set",
                false,
                TestActions.SHELL,
                "setup",
                "#!/bin/sh\nset -e\nls /sys/class/net | tr '\\n' ' ' > made\necho \"set up\" $(cat data/text)\n",
                "data/text",
                UUID.randomUUID().toString());
        RecordingObserver preparing = new RecordingObserver();
        bench.runner().prepare(acme, preparing);
        assertThat(preparing.steps()).anyMatch(step -> step.startsWith("set up "));

        RecordingObserver again = new RecordingObserver();
        bench.runner().prepare(acme, again);
        assertThat(again.steps()).isEmpty();
        RecordingObserver observer = new RecordingObserver();
        Bench.await(bench.start(
                conversation, TestActions.task(acme, "shell"), "cat /rungpt/actions/acme/set/made", observer));
        assertThat(observer.text(Stream.STDOUT)).isEqualTo("lo ");
    }

    @Test
    void aSetupThatFailsIsATypedErrorWithItsLastLines() throws Exception {
        InstalledAction bad = bench.actions.action(
                "acme/bad", false, TestActions.SHELL, "setup", "#!/bin/sh\necho no such thing as acme\nexit 7\n");
        assertThatThrownBy(() -> bench.runner().prepare(bad, new RecordingObserver()))
                .isInstanceOfSatisfying(RunnerException.class, e -> {
                    assertThat(e.kind()).isEqualTo(RunnerException.Kind.IMAGE);
                    assertThat(e.getMessage())
                            .contains("acme/bad")
                            .contains("exit code 7")
                            .contains("no such thing as acme")
                            .hasLineCount(1);
                });
        CallHandle call = bench.start(conversation, TestActions.task(bad, "shell"), "true", new RecordingObserver());
        assertThatThrownBy(() -> Bench.await(call)).hasCauseInstanceOf(RunnerException.class);
    }

    @Test
    void theLastLinesOfASetupAreThoseThatItWroteLastOnEitherStream() throws Exception {
        String setup = "#!/bin/sh\nfor n in 1 2 3 4 5 6 7 8; do echo brick $n; done\nprintf 'no m\\303' >&2\nsleep 1\n"
                + "printf '\\266rtel\\n' >&2\necho giving up\nexit 7\n";
        InstalledAction bad = bench.actions.action("acme/wall", false, TestActions.SHELL, "setup", setup);
        assertThatThrownBy(() -> bench.runner().prepare(bad, new RecordingObserver()))
                .hasMessageContaining("(last output: brick 5 | brick 6 | brick 7 | brick 8 | no mörtel | giving up)");
    }

    @Test
    void aProgramThatCannotBeExecutedFailsLikeInAShell() throws Exception {
        InstalledAction bad = bench.actions.action("acme/none", false, "#!/no/such/interpreter\n");
        CallOutcome outcome =
                Bench.await(bench.start(conversation, TestActions.task(bad, "shell"), "true", new RecordingObserver()));
        assertThat(outcome.exit()).isEqualTo(126);
        assertThat(outcome.message()).isNotBlank();
    }

    @Test
    void cancelBeforeTheSandboxIsThere() throws Exception {
        CallHandle call = bench.start(conversation, bench.shell(), "touch ran", new RecordingObserver());
        call.cancel();
        assertThat(Bench.await(call).reason()).isEqualTo(Reason.CANCELLED);
        assertThat(output("ls")).isEmpty();
    }
}
