package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Frame;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
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
import org.rungpt.api.action.Task;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** Further containers beside sandboxes: declared by actions, and started by the model. */
@Tag("docker")
final class SidecarsIT {
    private static final String GET =
            "python3 -c \"import urllib.request as u; print(u.urlopen('http://127.0.0.1:%d/').read().decode())\"";

    @TempDir
    static Path directory;

    private static Bench bench;
    private static ServiceImage service;

    private final String conversation = "c-" + UUID.randomUUID();
    private Grants grants = Grants.NONE;

    @BeforeAll
    static void open() throws Exception {
        bench = new Bench(directory, 0).ready();
        service = ServiceImage.build(bench, directory);
    }

    @AfterAll
    static void close() throws Exception {
        bench.close();
        service.remove();
    }

    @AfterEach
    void release() throws Exception {
        bench.runner().release(conversation);
    }

    private static InstalledTask action(Manifest.Sidecar... sidecars) throws Exception {
        InstalledAction plain = bench.actions.action(
                "acme/served",
                false,
                TestActions.SHELL,
                "version",
                UUID.randomUUID().toString());
        return TestActions.task(Declared.sidecars(plain, sidecars), "shell");
    }

    private static Manifest.Sidecar sidecar(int port, String scope) {
        return new Manifest.Sidecar("web", service.reference(), port, "http:/", scope);
    }

    private List<Container> sidecars() throws Exception {
        return bench
                .docker()
                .listContainersCmd()
                .withShowAll(true)
                .withLabelFilter(Map.of(Labels.INSTANCE, bench.instance(), Labels.CONVERSATION, conversation))
                .exec()
                .stream()
                .filter(container -> container.getLabels().containsKey(Labels.SIDECAR))
                .toList();
    }

    /** What sidecars end with that are not among the processes of their sandbox. */
    private List<Container> pauses() throws Exception {
        return bench.docker()
                .listContainersCmd()
                .withShowAll(true)
                .withLabelFilter(List.of(Labels.INSTANCE + "=" + bench.instance(), Labels.PAUSE))
                .exec();
    }

    private String output(InstalledTask task, String command, RecordingObserver observer) throws Exception {
        CallOutcome outcome = Bench.await(bench.start(
                Bench.newCall(), conversation, task, command, observer, Bench.limits(64 * Bench.MIB), grants));
        assertThat(outcome.exit())
                .as("%s %s", outcome, observer.text(Stream.STDERR))
                .isZero();
        return observer.text(Stream.STDOUT);
    }

    @Test
    @DisplayName("A.9 a sidecar is started lazily, waited for, reached on localhost, kept, and gone with its sandbox")
    void ofConversation() throws Exception {
        InstalledTask task = action(sidecar(8123, "conversation"));
        RecordingObserver observer = new RecordingObserver();
        String first = output(task, GET.formatted(8123), observer);
        assertThat(first).startsWith("served ");
        assertThat(observer.steps()).contains("starting the container web", "waiting until web answers on port 8123");
        // The same one for the next call, also of a successor.
        assertThat(output(task, GET.formatted(8123), new RecordingObserver())).isEqualTo(first);
        bench.swap();
        assertThat(output(task, GET.formatted(8123), new RecordingObserver())).isEqualTo(first);

        assertThat(sidecars()).hasSize(1);
        InspectContainerResponse container =
                bench.docker().inspectContainerCmd(sidecars().get(0).getId()).exec();
        assertThat(Gate.violations(container)).isEmpty();
        String sandbox = bench.containerOf(conversation);
        assertThat(container.getHostConfig().getNetworkMode()).isEqualTo("container:" + sandbox);
        assertThat(pauses()).hasSize(1);
        InspectContainerResponse pause =
                bench.docker().inspectContainerCmd(pauses().get(0).getId()).exec();
        assertThat(Gate.violations(pause)).isEmpty();
        assertThat(pause.getMounts()).isEmpty();
        assertThat(container.getHostConfig().getPidMode()).isEqualTo("container:" + pause.getId());

        bench.docker().killContainerCmd(sandbox).exec();
        bench.awaitEvent(container.getId(), "destroy");
        bench.awaitEvent(pause.getId(), "destroy");
        assertThat(sidecars()).isEmpty();
    }

    @Test
    void aSandboxWithoutPythonGetsItsSidecarsReady() throws Exception {
        InstalledAction action = bench.actions.action(
                "acme/shellonly",
                false,
                Manifest.Packages.NONE,
                "Dockerfile",
                "#!/bin/sh\nread -r line\n[ -e /usr/bin/python3 ] || echo ready\n",
                new String[] {"Dockerfile", ImageIT.shellOnly()});
        InstalledTask task = TestActions.task(Declared.sidecars(action, sidecar(8123, "conversation")), "shell");
        assertThat(output(task, "", new RecordingObserver())).isEqualTo("ready\n");
    }

    @Test
    void ofACallEachHasItsOwnAndTheyWaitForEachOther() throws Exception {
        InstalledTask task = action(sidecar(8124, "call"));
        RecordingObserver one = new RecordingObserver();
        RecordingObserver two = new RecordingObserver();
        CallHandle first = bench.start(conversation, task, GET.formatted(8124), one);
        CallHandle second = bench.start(conversation, task, GET.formatted(8124), two);
        assertThat(Bench.await(first).exit()).isZero();
        assertThat(Bench.await(second).exit()).isZero();
        assertThat(one.text(Stream.STDOUT)).startsWith("served ").isNotEqualTo(two.text(Stream.STDOUT));
        bench.runner().release(conversation);
        assertThat(sidecars()).isEmpty();
    }

    @Test
    void whatDoesNotStartIsSaidWithItsLastWords() throws Exception {
        ServiceImage bad =
                ServiceImage.build(bench, directory, "[\"/bin/sh\", \"-c\", \"echo no such port >&2; exit 3\"]");
        InstalledTask ends = action(new Manifest.Sidecar("bad", bad.reference(), 9, "tcp", "conversation"));
        CallHandle call = bench.start(conversation, ends, "true", new RecordingObserver());
        assertThatThrownBy(() -> Bench.await(call))
                .hasCauseInstanceOf(RunnerException.class)
                .hasMessageContaining("the container bad (" + bad.reference()
                        + ") could not be started: it ended at once" + " (exit code 3); it said last: no such port");
        assertThat(sidecars()).isEmpty();
        bad.remove();

        InstalledTask none = action(
                new Manifest.Sidecar("none", "rungpt/no-such@sha256:" + "0".repeat(64), 80, "tcp", "conversation"));
        CallHandle missing = bench.start(conversation, none, "true", new RecordingObserver());
        assertThatThrownBy(() -> Bench.await(missing)).hasCauseInstanceOf(RunnerException.class);
    }

    @Test
    void aWorkspaceThatNobodyRenewsTakesItsSidecarsAlong() throws Exception {
        endsWithNobodyThere(() -> started(8125), () -> bench.containerOf(conversation));
    }

    @Test
    void anActionThatNobodyRenewsTakesItsSidecarsAlong() throws Exception {
        endsWithNobodyThere(
                () -> output(action(sidecar(8125, "conversation")), GET.formatted(8125), new RecordingObserver()),
                () -> pauses().get(0).getId());
    }

    @Test
    void aWorkspaceThatMayWriteIntoAShareAndThatNobodyRenewsTakesItsSidecarsAlong() throws Exception {
        grants = new Grants(List.of(), List.of(new Grants.Share("files", shared().toString(), true)), Map.of(), false);
        endsWithNobodyThere(() -> started(8125), () -> pauses().get(0).getId());
    }

    /** @param endsWith the container among whose processes the sidecar is */
    private void endsWithNobodyThere(Callable<String> begin, Callable<String> endsWith) throws Exception {
        // Longer than it may take until it is renewed.
        bench.lease(Duration.ofSeconds(10));
        bench.swap();
        try {
            begin.call();
            Container sidecar = sidecars().get(0);
            String holder = endsWith.call();
            assertThat(bench.docker()
                            .inspectContainerCmd(sidecar.getId())
                            .exec()
                            .getHostConfig()
                            .getPidMode())
                    .isEqualTo("container:" + holder);
            String sandbox = bench.containerOf(conversation);
            bench.runner().close();
            for (String container : List.of(sidecar.getId(), holder, sandbox)) {
                bench.awaitEvent(container, "die");
            }
        } finally {
            bench.lease(Duration.ofSeconds(120));
            bench.swap();
        }
        // The next start sweeps what is left of them.
        bench.ready();
        assertThat(sidecars()).isEmpty();
        assertThat(pauses()).isEmpty();
    }

    private String started(int port) throws Exception {
        String said = said("start", start("api", port));
        assertThat(said).startsWith("Started api");
        return said;
    }

    @Test
    void sidecarsAreStartedAgainAfterWhatTheyEndWithWasKilled() throws Exception {
        ServiceImage other = ServiceImage.build(
                bench, directory, "[\"/bin/sh\", \"-c\", \"PORTS=8126 exec /usr/bin/python3 /serve.py\"]");
        try {
            InstalledTask task = action(
                    sidecar(8124, "conversation"),
                    new Manifest.Sidecar("other", other.reference(), 8126, "http:/", "conversation"));
            String both = GET.formatted(8124) + " && " + GET.formatted(8126);
            String first = output(task, both, new RecordingObserver());
            List<Container> before = sidecars();
            assertThat(before).hasSize(2);
            bench.docker().killContainerCmd(pauses().get(0).getId()).exec();
            for (Container sidecar : before) {
                bench.awaitEvent(sidecar.getId(), "die");
                assertThat(bench.docker()
                                .inspectContainerCmd(sidecar.getId())
                                .exec()
                                .getState()
                                .getRunning())
                        .isFalse();
            }
            assertThat(output(task, both, new RecordingObserver()).lines())
                    .hasSize(2)
                    .doesNotContainAnyElementsOf(first.lines().toList());
            assertThat(pauses()).hasSize(1);
            assertThat(sidecars()).hasSize(2);
            bench.runner().release(conversation);
        } finally {
            other.remove();
        }
    }

    @Test
    @DisplayName("A.9 a sidecar sees no process of a sandbox that has fewer rights than it has")
    void seesNoWeakerProcess() throws Exception {
        output(action(sidecar(8123, "conversation")), GET.formatted(8123), new RecordingObserver());
        assertThat(processes(sidecars().get(0))).contains("serve.py").doesNotContain("action-service");
    }

    @Test
    @DisplayName(
            "A.9 a sidecar sees no process of a workspace that may write into a share, and goes with it all the same")
    void seesNoProcessOfAWriter() throws Exception {
        grants = new Grants(List.of(), List.of(new Grants.Share("files", shared().toString(), true)), Map.of(), false);
        assertThat(said("start", start("api", 8200))).startsWith("Started api");
        assertThat(output(bench.shell(), GET.formatted(8200), new RecordingObserver()))
                .startsWith("served ");
        assertThat(processes(sidecars().get(0))).contains("serve.py").doesNotContain("action-service");
        // What such a sandbox hands over to it over their network, it could make root's otherwise.
        int uid = (int) Files.getAttribute(Path.of(grants.shares().get(0).source()), "unix:uid");
        assertThat(inside(sidecars().get(0), "id -u; grep -h ^CapBnd /proc/1/status"))
                .isEqualTo(uid + "\nCapBnd:\t0000000000000000\n");
        String sidecar = sidecars().get(0).getId();
        bench.docker().killContainerCmd(bench.containerOf(conversation)).exec();
        bench.awaitEvent(sidecar, "destroy");
    }

    /** A directory of somebody who is not root. */
    private static Path shared() throws Exception {
        Path shared = Files.createDirectory(directory.toRealPath().resolve("shared-" + UUID.randomUUID()));
        if (System.getProperty("user.name").equals("root")) {
            Files.setAttribute(shared, "unix:uid", 1234);
            Files.setAttribute(shared, "unix:gid", 1234);
        }
        return shared;
    }

    /** The commands that a container sees run. */
    private static String processes(Container container) throws Exception {
        return inside(container, "for each in /proc/[0-9]*; do tr '\\0' ' ' < $each/cmdline; echo; done");
    }

    private static String inside(Container container, String command) throws Exception {
        String id = bench.docker()
                .execCreateCmd(container.getId())
                .withAttachStdout(true)
                .withCmd("/bin/sh", "-c", command)
                .exec()
                .getId();
        StringBuffer text = new StringBuffer();
        try (ResultCallback.Adapter<Frame> output = new ResultCallback.Adapter<>() {
            @Override
            public void onNext(Frame frame) {
                text.append(new String(frame.getPayload(), StandardCharsets.UTF_8));
            }
        }) {
            assertThat(bench.engine
                            .streams()
                            .execStartCmd(id)
                            .exec(output)
                            .awaitCompletion(Bench.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
        }
        return text.toString();
    }

    @Test
    void whatStartsForACallThatIsCancelledMeanwhileGoes() throws Exception {
        ServiceImage slow = ServiceImage.build(
                bench, directory, "[\"/bin/sh\", \"-c\", \"sleep 10; exec /usr/bin/python3 /serve.py\"]");
        try {
            InstalledTask task = action(new Manifest.Sidecar("slow", slow.reference(), 8124, "http:/", "call"));
            Steps steps = new Steps("waiting until slow answers on port 8124");
            CallHandle call = bench.start(conversation, task, "true", steps);
            steps.await();
            String container = sidecars().get(0).getId();
            call.cancel();
            assertThat(Bench.await(call).reason()).isEqualTo(CallOutcome.Reason.CANCELLED);
            bench.awaitEvent(container, "destroy");
            assertThat(sidecars()).isEmpty();
        } finally {
            slow.remove();
        }
    }

    @Test
    void whatNeverGetsReadyGoesSoonAfterItsCallWasCancelled() throws Exception {
        ServiceImage deaf = ServiceImage.build(bench, directory, "[\"/bin/sleep\", \"1000\"]");
        try {
            InstalledTask task = action(new Manifest.Sidecar("deaf", deaf.reference(), 8127, "tcp", "call"));
            Steps steps = new Steps("waiting until deaf answers on port 8127");
            CallHandle call = bench.start(conversation, task, "true", steps);
            steps.await();
            String container = sidecars().get(0).getId();
            call.cancel();
            // Which is not waited for as long as for one to get ready.
            bench.awaitEvent(container, "destroy");
            assertThat(Bench.await(call).reason()).isEqualTo(CallOutcome.Reason.CANCELLED);
        } finally {
            deaf.remove();
        }
    }

    /** Waits for a step. */
    private static final class Steps implements CallObserver {
        private final String step;
        private final CountDownLatch seen = new CountDownLatch(1);

        Steps(String step) {
            this.step = step;
        }

        @Override
        public void output(Stream stream, long offset, ByteBuffer bytes) {}

        @Override
        public void progress(String text) {
            if (text.equals(step)) {
                seen.countDown();
            }
        }

        void await() throws InterruptedException {
            assertThat(seen.await(Bench.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        }
    }

    // What the model starts

    private CallHandle begin(String name, String arguments, CallObserver observer) throws Exception {
        InstalledTask shell = bench.shell();
        Task task = shell.task();
        Task asked = new Task(
                name,
                "x",
                task.parameters(),
                List.of(),
                task.effects(),
                false,
                false,
                task.timeout(),
                Task.Output.TEXT);
        CallSpec spec = new CallSpec(
                Bench.newCall(),
                conversation,
                new InstalledTask(shell.action(), asked),
                arguments,
                grants,
                Map.of(),
                Bench.limits(Bench.MIB));
        return bench.runner().containers().start(spec, observer);
    }

    private CallOutcome task(String name, String arguments, RecordingObserver observer) throws Exception {
        return Bench.await(begin(name, arguments, observer));
    }

    private static String start(String name, int port) {
        return "{\"image\": \"" + service.tag() + "\", \"name\": \"" + name + "\", \"port\": " + port + "}";
    }

    private String said(String name, String arguments) throws Exception {
        RecordingObserver observer = new RecordingObserver();
        task(name, arguments, observer);
        return observer.text(Stream.STDOUT) + observer.text(Stream.STDERR);
    }

    @Test
    void theModelStartsListsAndStopsContainersBesideItsWorkspace() throws Exception {
        assertThat(bench.runner().containers().action().value()).isEqualTo("rungpt/containers");
        assertThat(said("list", "{}")).isEqualTo("No containers run beside the workspace.\n");
        String start = "{\"image\": \"" + service.tag()
                + "\", \"name\": \"api\", \"port\": 8200, \"env\": {\"SAY\": \"hello\"}}";
        assertThat(said("start", start))
                .isEqualTo("Started api (" + service.tag()
                        + "). It answers at localhost:8200 in the workspace. It ends with the sandbox, or by"
                        + " containers.stop.\n");
        assertThat(output(bench.shell(), GET.formatted(8200), new RecordingObserver()))
                .startsWith("hello ");
        assertThat(said("list", "{}")).startsWith("api runs at localhost:8200, image " + service.tag() + ", started ");
        assertThat(said("start", start)).contains("a container api runs already");
        assertThat(said("start", start.replace("api", "more"))).contains("port 8200 of the sandbox is taken");
        assertThat(Gate.violations(bench.docker()
                        .inspectContainerCmd(sidecars().get(0).getId())
                        .exec()))
                .isEmpty();
        assertThat(said("stop", "{\"name\": \"api\"}")).isEqualTo("Stopped api; what was in it is gone.\n");
        assertThat(said("stop", "{\"name\": \"api\"}")).contains("there is no container api");
        assertThat(sidecars()).isEmpty();
        RecordingObserver observer = new RecordingObserver();
        assertThat(task("start", "{\"image\": \"rungpt/no-such:1\", \"name\": \"x\"}", observer)
                        .exit())
                .isEqualTo(1);
        assertThat(observer.text(Stream.STDERR)).contains("rungpt/no-such:1");
    }

    @Test
    void whoStopsTheStartOfAContainerThatDoesNotAnswerLeavesNothing() throws Exception {
        Steps steps = new Steps("waiting until api answers on port 8201");
        CallHandle call = begin("start", start("api", 8201), steps);
        steps.await();
        assertThat(sidecars()).hasSize(1);
        call.cancel();
        assertThat(Bench.await(call).reason()).isEqualTo(CallOutcome.Reason.CANCELLED);
        assertThat(sidecars()).isEmpty();
        assertThat(said("list", "{}")).isEqualTo("No containers run beside the workspace.\n");
    }

    @Test
    void aWorkspaceIsNoRoomForItsOwnContainers() throws Exception {
        bench.caps(1, 0);
        bench.swap();
        bench.ready();
        try {
            output(bench.shell(), "echo kept > /root/kept", new RecordingObserver());
            assertThat(said("start", start("api", 8200))).contains("1 sandboxes are at work, which is the limit");
            assertThat(output(bench.shell(), "cat /root/kept", new RecordingObserver()))
                    .isEqualTo("kept\n");
        } finally {
            bench.caps(20, 0);
            bench.swap();
            bench.ready();
        }
    }

    @Test
    void aWorkspaceThatAnotherReplacesStaysWhileAContainerStartsBesideIt() throws Exception {
        output(bench.shell(), "true", new RecordingObserver());
        String container = bench.containerOf(conversation);
        try (FakeRegistry registry = new FakeRegistry(FakeRegistry.Trouble.SILENT, "amd64", conversation)) {
            String arguments = "{\"image\": \"" + registry.reference() + "\", \"name\": \"api\"}";
            CallHandle call = begin("start", arguments, new RecordingObserver());
            assertThat(registry.asked.await(Bench.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
            grants = new Grants(
                    List.of(), List.of(new Grants.Share("files", shared().toString(), false)), Map.of(), false);
            output(bench.shell(), "ls /share/files", new RecordingObserver());
            assertThat(bench.docker()
                            .inspectContainerCmd(container)
                            .exec()
                            .getState()
                            .getRunning())
                    .isTrue();
            assertThat(bench.runner().sandboxes()).hasSize(2);
            call.cancel();
            assertThat(Bench.await(call).reason()).isEqualTo(CallOutcome.Reason.CANCELLED);
        }
        bench.awaitEvent(container, "destroy");
    }

    @Test
    void thoseThatAreStartedAtOnceKeepToNamesAndLimits() throws Exception {
        ServiceImage idle = ServiceImage.build(bench, directory, "[\"/bin/sleep\", \"600\"]");
        try {
            output(bench.shell(), "true", new RecordingObserver());
            List<RecordingObserver> observers = new ArrayList<>();
            List<CallHandle> calls = new ArrayList<>();
            for (String name : List.of("a", "a", "b", "c", "d", "e")) {
                RecordingObserver observer = new RecordingObserver();
                observers.add(observer);
                calls.add(begin("start", "{\"image\": \"" + idle.tag() + "\", \"name\": \"" + name + "\"}", observer));
            }
            calls.forEach(Bench::await);
            assertThat(observers.stream().filter(one -> one.text(Stream.STDOUT).startsWith("Started ")))
                    .hasSize(4);
            assertThat(observers)
                    .extracting(one -> one.text(Stream.STDERR))
                    .filteredOn(text -> !text.isEmpty())
                    .hasSize(2)
                    .allMatch(text -> text.contains("runs already") || text.contains("which is the limit"));
            assertThat(sidecars())
                    .extracting(container -> container.getLabels().get(Labels.SIDECAR))
                    .hasSize(4)
                    .doesNotHaveDuplicates();
        } finally {
            bench.runner().release(conversation);
            idle.remove();
        }
    }
}
