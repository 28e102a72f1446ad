package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.HostConfig;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.ImageStore;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.rungpt.testkit.RecordingObserver;

/** Images of actions on the real engine. */
@Tag("docker")
final class ImageIT {
    /** Within this time everything that a registry does wrong is told. */
    private static final Duration PROMISED = Duration.ofSeconds(60);

    /** A program for an image that has nothing but a shell. */
    private static final String SHELL_ONLY = "#!/bin/sh\nread -r line\necho \"$1 $GREETING $(pwd)\"\n";

    @TempDir
    static Path directory;

    private static Bench bench;
    private static String architecture;
    private final String conversation = "images-" + UUID.randomUUID();

    @BeforeAll
    static void open() throws Exception {
        bench = new Bench(directory, 0).ready();
        architecture = bench.docker().versionCmd().exec().getArch();
    }

    @AfterAll
    static void close() throws Exception {
        bench.close();
    }

    @AfterEach
    void release() throws Exception {
        bench.runner().release(conversation);
    }

    private static InstalledAction withImage(String image, String run, String... more) throws Exception {
        String id = "acme/i" + UUID.randomUUID().toString().substring(0, 8);
        return bench.actions.action(id, false, Manifest.Packages.NONE, image, run, more);
    }

    /** An image with a shell and no Python. */
    static String shellOnly() {
        return "FROM base AS shell\n"
                + "RUN mkdir -p /r/bin && cp /bin/dash /r/bin/sh && for f in $(ldd /bin/dash | grep -o '/[^ ]*'); do"
                + " mkdir -p /r$(dirname $f) && cp -L $f /r$f; done\n"
                + "FROM scratch\nCOPY --from=shell /r/ /\nENV GREETING=hello\nUSER 1234\nCMD [\"/none\"]\n";
    }

    private static InstalledAction withDockerfile(String dockerfile, String... more) throws Exception {
        String[] files = Arrays.copyOf(more, more.length + 2);
        files[more.length] = "Dockerfile";
        files[more.length + 1] = dockerfile;
        return withImage("Dockerfile", SHELL_ONLY, files);
    }

    private String output(InstalledAction action) throws Exception {
        RecordingObserver observer = new RecordingObserver();
        CallOutcome outcome = Bench.await(bench.start(conversation, TestActions.task(action, "shell"), "", observer));
        assertThat(outcome.exit()).as(observer.text(Stream.STDERR)).isZero();
        return observer.text(Stream.STDOUT);
    }

    @Test
    void aDockerfileOfAnActionMakesItsImageAndNeedsNoPython() throws Exception {
        InstalledAction action = withImage("Dockerfile", SHELL_ONLY, "Dockerfile", shellOnly());
        RecordingObserver preparing = new RecordingObserver();
        bench.runner().prepare(action, preparing);
        assertThat(preparing.steps()).anyMatch(step -> step.startsWith("building the image of acme/"));
        assertThat(output(action)).isEqualTo("shell hello /workspace\n");
    }

    @Test
    @DisplayName("A.2 what takes too much memory in an image without Python is ended, which is named with its limit")
    void memoryInAnImageWithoutPython() throws Exception {
        InstalledAction action = withImage(
                "Dockerfile",
                "#!/bin/sh\nread -r line\n(a=xxxxxxxx; while :; do a=$a$a; done)\nexit $?\n",
                "Dockerfile",
                shellOnly());
        CallOutcome outcome =
                Bench.await(bench.start(conversation, TestActions.task(action, "shell"), "", new RecordingObserver()));
        assertThat(outcome.reason()).as(outcome.toString()).isEqualTo(CallOutcome.Reason.RESOURCE_LIMIT);
        assertThat(outcome.message())
                .startsWith("out of memory (limit 512 MiB)")
                .hasLineCount(1);
        assertThat(outcome.exit()).isEqualTo(137);
        // Its sandbox has outlived it.
        assertThat(Bench.await(bench.start(
                                conversation, TestActions.task(action, "shell"), "", new RecordingObserver()))
                        .sandbox())
                .isEqualTo(outcome.sandbox());
    }

    @Test
    void theActionCommandWorksInAnImageWithoutPython() throws Exception {
        InstalledAction action = withImage(
                "Dockerfile",
                "#!/bin/sh\nread -r line\n[ \"$1\" = nothing ] && exit 0\naction list && exec action run \"$RUNGPT_ACTION.nothing\"\n",
                "Dockerfile",
                shellOnly());
        assertThat(output(action)).contains(action.id().value());
    }

    @Test
    void anImageByDigestIsFetchedOnceAndRuns() throws Exception {
        try (FakeRegistry registry = new FakeRegistry(FakeRegistry.Trouble.NONE, architecture, conversation)) {
            InstalledAction action = withImage(registry.reference(), "#!/no/shell/in/there\n");
            try {
                bench.runner().prepare(action, new RecordingObserver());
                int requests = registry.requests.get();
                CallOutcome outcome = Bench.await(
                        bench.start(conversation, TestActions.task(action, "shell"), "", new RecordingObserver()));
                assertThat(outcome.exit()).isEqualTo(126);
                assertThat(registry.requests).hasValue(requests);
            } finally {
                bench.docker()
                        .removeImageCmd(registry.reference())
                        .withForce(true)
                        .exec();
            }
        }
    }

    @ParameterizedTest
    @DisplayName("I.100 a registry in trouble gives a typed error, and no half image is used")
    @CsvSource({
        "MISSING, IMAGE_NOT_FOUND, there is no such image",
        "UNAUTHORISED, IMAGE_DENIED, docker login",
        "BROKEN, IMAGE, try again later",
        "OTHER_CONTENT, IMAGE_DIGEST, something else than the digest says"
    })
    void trouble(FakeRegistry.Trouble trouble, Kind kind, String remedy) throws Exception {
        try (FakeRegistry registry = new FakeRegistry(trouble, architecture, conversation)) {
            InstalledAction action = withImage(registry.reference(), SHELL_ONLY);
            long before = System.nanoTime();
            RunnerException failure = catchThrowableOfType(
                    RunnerException.class, () -> bench.runner().prepare(action, new RecordingObserver()));
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(PROMISED);
            assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(kind);
            assertThat(bench.images().find(registry.reference()))
                    .as("no half image")
                    .isNull();
            assertThat(failure.getMessage())
                    .contains(registry.reference().substring(0, 20))
                    .contains(remedy)
                    .hasLineCount(1);
            assertThat(registry.requests.get()).as("no storm").isLessThan(20);
            CallHandle call = bench.start(conversation, TestActions.task(action, "shell"), "", new RecordingObserver());
            assertThatThrownBy(() -> Bench.await(call)).hasCauseInstanceOf(RunnerException.class);
        }
    }

    @Test
    @DisplayName("I.100 an image for another processor is refused before anything runs")
    void otherProcessor() throws Exception {
        try (FakeRegistry registry = new FakeRegistry(FakeRegistry.Trouble.NONE, "s390x", conversation)) {
            InstalledAction action = withImage(registry.reference(), SHELL_ONLY);
            long before = System.nanoTime();
            RunnerException failure = catchThrowableOfType(
                    RunnerException.class, () -> bench.runner().prepare(action, new RecordingObserver()));
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(PROMISED);
            assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(Kind.IMAGE_PLATFORM);
            assertThat(failure.getMessage()).contains("linux/s390x").contains("linux/" + architecture);
            bench.docker().removeImageCmd(registry.reference()).withForce(true).exec();
        }
    }

    @Test
    @DisplayName("I.100 a layer that is cut off ends in a typed error")
    void cut() throws Exception {
        try (FakeRegistry registry = new FakeRegistry(FakeRegistry.Trouble.CUT, architecture, conversation)) {
            ImagePull pull = new ImagePull(bench.engine, registry.reference(), step -> {}, Duration.ofSeconds(40), 1);
            assertThatThrownBy(pull::run).isInstanceOfSatisfying(RunnerException.class, e -> assertThat(e.kind())
                    .isIn(Kind.IMAGE, Kind.IMAGE_DIGEST));
            assertThat(bench.images().find(registry.reference())).isNull();
        }
    }

    @Test
    @DisplayName("I.100 a registry that keeps silent is given up")
    void silent() throws Exception {
        try (FakeRegistry registry = new FakeRegistry(FakeRegistry.Trouble.SILENT, architecture, conversation)) {
            ImagePull pull = new ImagePull(bench.engine, registry.reference(), step -> {}, Duration.ofSeconds(1), 1);
            assertThatThrownBy(pull::run)
                    .isInstanceOf(RunnerException.class)
                    .hasMessageContaining("nothing came from the registry for 1 s");
        }
    }

    @Test
    @DisplayName("I.100 fetching an image is cancelled within a second")
    void cancelledPull() throws Exception {
        try (FakeRegistry registry = new FakeRegistry(FakeRegistry.Trouble.SILENT, architecture, conversation)) {
            InstalledAction action = withImage(registry.reference(), SHELL_ONLY);
            assertThat(cancelled(action, registry.asked::await)).isLessThan(Duration.ofSeconds(1));
        }
    }

    @Test
    @DisplayName("I.100 a setup that never ends is cancelled within a second and leaves no builder")
    void cancelledSetup() throws Exception {
        InstalledAction action = withImage(
                "base", TestActions.SHELL, "setup", "#!/bin/sh\necho under way\ntrap '' TERM INT\nsleep 600 & wait\n");
        StepSeen seen = new StepSeen("under way");
        assertThat(cancelled(action, seen::await, seen)).isLessThan(Duration.ofSeconds(1));
        awaitNoBuilder();
    }

    @Test
    void aBuildThatNobodyWaitsForAnyMoreIsStopped() throws Exception {
        InstalledAction action =
                withImage("base", TestActions.SHELL, "setup", "#!/bin/sh\necho under way\nsleep 600\n");
        StepSeen seen = new StepSeen("under way");
        CallHandle call = bench.start(conversation, TestActions.task(action, "shell"), "", seen);
        seen.await();
        call.cancel();
        assertThat(Bench.await(call).reason()).isEqualTo(CallOutcome.Reason.CANCELLED);
        awaitNoBuilder();
        assertThat(bench.runner().sandboxes()).noneMatch(info -> conversation.equals(info.conversation()));
    }

    private static void awaitNoBuilder() throws Exception {
        for (String container : bench.containers()) {
            bench.awaitEvent(container, "destroy");
        }
    }

    private interface Awaited {
        void await() throws Exception;
    }

    private Duration cancelled(InstalledAction action, Awaited underWay) throws Exception {
        return cancelled(action, underWay, new RecordingObserver());
    }

    private Duration cancelled(InstalledAction action, Awaited underWay, org.rungpt.api.runner.CallObserver observer)
            throws Exception {
        CompletableFuture<RunnerException> failed = new CompletableFuture<>();
        Thread preparing = new Thread(() -> {
            try {
                bench.runner().prepare(action, observer);
                failed.completeExceptionally(new AssertionError("it was prepared"));
            } catch (RunnerException e) {
                failed.complete(e);
            }
        });
        preparing.start();
        underWay.await();
        long before = System.nanoTime();
        preparing.interrupt();
        assertThat(failed.get(30, TimeUnit.SECONDS).kind()).isEqualTo(Kind.CANCELLED);
        return Duration.ofNanos(System.nanoTime() - before);
    }

    @Test
    @DisplayName("A.9 a step of a build has the limits of a sandbox and none of an engine's own")
    void builderIsLimited() throws Exception {
        InstalledAction action = withImage(
                "base",
                TestActions.SHELL,
                "setup",
                "#!/bin/sh\ngrep -h CapBnd /proc/self/status\ngrep -h NoNewPrivs /proc/self/status\nls /sys/class/net\n");
        RecordingObserver observer = new RecordingObserver();
        bench.runner().prepare(action, observer);
        // CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID
        assertThat(observer.steps()).contains("CapBnd: 00000000000000eb", "NoNewPrivs: 1", "lo");
    }

    @Test
    void aDockerfileIsBuiltAsItSays() throws Exception {
        InstalledAction action = withDockerfile("""
                # syntax=whatever
                FROM base AS made
                ARG WHERE=/made
                WORKDIR $WHERE
                COPY words.txt ./
                RUN echo "$WHERE $(pwd) $(cat words.txt) $http_proxy" > told
                SHELL ["/bin/bash", "-c"]
                # a comment
                RUN [[ -n $BASH ]] && \\
                    # in between
                    id -u >> told

                FROM made
                ENV GREETING=hello WHERE=/elsewhere
                USER 65532:65532
                ARG WHERE=/unused
                RUN ["/bin/bash", "-c", "id -u > /tmp/user; echo $GREETING $WHERE >> /tmp/user"]
                COPY --from=made --chown=65532:65532 /made/told /tmp/
                ENTRYPOINT ["/none"]
                CMD ["/none"]
                """, "words.txt", "from a file");
        RecordingObserver observer = new RecordingObserver();
        bench.runner().prepare(action, new RecordingObserver());
        CallOutcome outcome = Bench.await(bench.start(conversation, TestActions.task(action, "shell"), "", observer));
        assertThat(outcome.exit()).isZero();
        String image = bench.docker()
                .inspectContainerCmd(bench.containerOf(conversation))
                .exec()
                .getImageId();
        assertThat(contents(image, "/bin/cat", "/tmp/user", "/tmp/told"))
                .isEqualTo("65532\nhello /elsewhere\n/made /made from a file http://127.0.0.1:7865\n0\n");
        // A second time nothing is made.
        RecordingObserver again = new RecordingObserver();
        bench.runner().prepare(action, again);
        assertThat(again.steps()).isEmpty();
    }

    /** What a program of an image prints. */
    private static String contents(String image, String... command) throws Exception {
        String container = bench.docker()
                .createContainerCmd(image)
                .withLabels(new Labels(bench.instance()).filter())
                .withEntrypoint(command)
                .withCmd(List.of())
                .withHostConfig(HostConfig.newHostConfig().withNetworkMode("none"))
                .exec()
                .getId();
        StringBuffer text = new StringBuffer();
        bench.docker().startContainerCmd(container).exec();
        bench.engine
                .streams()
                .logContainerCmd(container)
                .withStdOut(true)
                .withStdErr(true)
                .withFollowStream(true)
                .exec(new ResultCallback.Adapter<Frame>() {
                    @Override
                    public void onNext(Frame frame) {
                        text.append(new String(frame.getPayload(), StandardCharsets.UTF_8));
                    }
                })
                .awaitCompletion(60, TimeUnit.SECONDS);
        bench.docker().removeContainerCmd(container).withForce(true).exec();
        return text.toString();
    }

    @Test
    @DisplayName("A.9 a RUN of a Dockerfile has the limits of a sandbox and none of an engine's own")
    void aRunOfADockerfileIsLimited() throws Exception {
        RecordingObserver observer = new RecordingObserver();
        bench.runner()
                .prepare(
                        withDockerfile("FROM base\nRUN grep -h -e CapBnd -e NoNewPrivs /proc/self/status;"
                                + " ls /sys/class/net\n"),
                        observer);
        assertThat(observer.steps()).contains("CapBnd: 00000000000000eb", "NoNewPrivs: 1", "lo");
        assertThat(observer.steps()).doesNotContain("eth0");
    }

    @Test
    @DisplayName("A.9 a fork bomb in a Dockerfile ends at its own limit, and nothing else notices")
    void aForkBombInADockerfile() throws Exception {
        InstalledAction action = withDockerfile(
                "FROM base\nRUN bomb() { bomb | bomb & }; bomb; for i in 1 2 3 4 5; do sleep 1 || exit 3; done; exit 4\n");
        RecordingObserver observer = new RecordingObserver();
        assertThatThrownBy(() -> bench.runner().prepare(action, observer))
                .as("%s", observer.steps())
                .isInstanceOf(RunnerException.class)
                .hasMessageContaining("RUN in line 2 of its Dockerfile failed with exit code ")
                .hasMessageContaining("fork");
        awaitNoBuilder();
        CallOutcome outcome =
                Bench.await(bench.start(conversation, bench.shell(), "echo fine", new RecordingObserver()));
        assertThat(outcome.exit()).isZero();
    }

    @ParameterizedTest
    @DisplayName("A.9 no step of a build reaches the machine it is built on, or its network")
    @ValueSource(strings = {"RUN", "setup"})
    void aBuildReachesNoNeighbour(String step) throws Exception {
        try (ServerSocket neighbour = new ServerSocket(0)) {
            String gateway =
                    bench.docker().inspectNetworkCmd().withNetworkId("bridge").exec().getIpam().getConfig().stream()
                            .map(config -> config.getGateway())
                            .findFirst()
                            .orElseThrow();
            String probe = """
                    import socket, urllib.request
                    for host in "%s", "169.254.169.254", "10.0.0.1", "192.168.0.1":
                        try:
                            socket.create_connection((host, %2$d), 3)
                            print("reached", host)
                        except OSError as e:
                            print("not reached", host)
                        try:
                            urllib.request.urlopen(f"http://{host}:%2$d/", timeout=10)
                            print("reached", host)
                        except OSError as e:
                            print(e)
                    """.formatted(gateway, neighbour.getLocalPort());
            RecordingObserver observer = new RecordingObserver();
            InstalledAction action = step.equals("RUN")
                    ? withDockerfile("FROM base\nCOPY probe.py /\nRUN python3 /probe.py\n", "probe.py", probe)
                    : withImage("base", TestActions.SHELL, "setup", "#!/usr/bin/python3\n" + probe);
            bench.runner().prepare(action, observer);
            assertThat(observer.steps()).noneMatch(line -> line.startsWith("reached"));
            assertThat(observer.steps()).contains("not reached " + gateway, "not reached 169.254.169.254");
            assertThat(observer.steps())
                    .anyMatch(line -> line.contains(
                            step.equals("RUN") ? "is none of the package mirrors" : "setup has no network"));
            neighbour.setSoTimeout(1);
            assertThatThrownBy(neighbour::accept).isInstanceOf(SocketTimeoutException.class);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            FROM debian:bookworm             | line 1 of its Dockerfile: FROM debian:bookworm: name an earlier stage
            FROM base;ADD http://10.0.0.1/ / | line 2 of its Dockerfile: ADD takes plain names
            FROM base;ONBUILD RUN x          | line 2 of its Dockerfile: ONBUILD is not supported
            FROM base;RUN --network=host x   | line 2 of its Dockerfile: RUN takes no flags
            """)
    void whatCannotBeBuiltIsRefusedBeforeAnythingRuns(String dockerfile, String why) throws Exception {
        InstalledAction action = withDockerfile(dockerfile.replace(";", "\n"));
        RecordingObserver observer = new RecordingObserver();
        assertThatThrownBy(() -> bench.runner().prepare(action, observer))
                .isInstanceOf(RunnerException.class)
                .hasMessageContaining(action.id().value())
                .hasMessageContaining(why);
        assertThat(observer.steps()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"foo: not found", "npm error 403 Forbidden", "unauthorized", "No space left on device"})
    void nothingIsConcludedFromWhatAProgramSays(String words) throws Exception {
        InstalledAction action =
                withImage("base", TestActions.SHELL, "setup", "#!/bin/sh\necho '" + words + "'\nexit 7\n");
        assertThatThrownBy(() -> bench.runner().prepare(action, new RecordingObserver()))
                .isInstanceOfSatisfying(
                        RunnerException.class, e -> assertThat(e.kind()).isEqualTo(Kind.IMAGE))
                .hasMessage("the image of " + action.id() + " could not be built: setup failed with exit code 7"
                        + " (last output: " + words
                        + "). The next call tries again; if it fails each time, tell its author,"
                        + " and get what is mended by `rungpt:update " + action.id() + "`");
    }

    @Test
    void aStepThatRunsOutOfItsProcessesOrFailsSaysWhy() throws Exception {
        InstalledAction action = withImage("base", TestActions.SHELL, "setup", "#!/bin/sh\necho oh dear\nexit 7\n");
        assertThatThrownBy(() -> bench.runner().prepare(action, new RecordingObserver()))
                .hasMessageContaining("exit code 7")
                .hasMessageContaining("oh dear");
    }

    @Test
    void imagesThatNothingNeedsAreRemovedAndNobodyElsesAre() throws Exception {
        InstalledAction kept = withImage("base", TestActions.SHELL, "setup", "#!/bin/sh\necho kept\n");
        InstalledAction gone = withImage("base", TestActions.SHELL, "setup", "#!/bin/sh\necho gone\n");
        bench.registry(List.of(bench.tools, kept, gone));
        bench.runner().prepare(kept, new RecordingObserver());
        bench.runner().prepare(gone, new RecordingObserver());
        ImageStore store = bench.runner().images();
        Set<String> needed = names(store.images(), true);
        bench.registry(List.of(bench.tools, kept));
        Set<String> before = foreign();
        Set<String> removed =
                store.collect().stream().map(ImageStore.ActionImage::name).collect(Collectors.toSet());
        assertThat(removed).isNotEmpty();
        assertThat(needed).containsAll(removed.stream().filter(needed::contains).toList());
        assertThat(names(store.images(), false)).isEmpty();
        assertThat(foreign()).isEqualTo(before);
        RecordingObserver again = new RecordingObserver();
        bench.runner().prepare(kept, again);
        assertThat(again.steps()).isEmpty();
        RecordingObserver anew = new RecordingObserver();
        bench.runner().prepare(gone, anew);
        assertThat(anew.steps()).contains("gone");
        bench.registry(List.of(bench.tools));
    }

    @Test
    void whatWasFetchedForAnActionGoesWithItAndWhatSomebodyElseFetchedStays() throws Exception {
        try (FakeRegistry registry = new FakeRegistry(FakeRegistry.Trouble.NONE, architecture, conversation);
                FakeRegistry others = new FakeRegistry(FakeRegistry.Trouble.NONE, architecture, conversation + "o")) {
            InstalledAction action = withImage(registry.reference(), SHELL_ONLY);
            InstalledAction other = withImage(others.reference(), SHELL_ONLY);
            new ImagePull(bench.engine, others.reference(), step -> {}).run();
            bench.registry(List.of(bench.tools, action, other));
            bench.runner().prepare(action, new RecordingObserver());
            bench.runner().prepare(other, new RecordingObserver());
            ImageStore store = bench.runner().images();
            assertThat(names(store.images(), true))
                    .contains(registry.reference())
                    .doesNotContain(others.reference());
            store.collect();
            assertThat(bench.images().find(registry.reference())).isNotNull();
            bench.registry(List.of(bench.tools));
            assertThat(store.collect().stream().map(ImageStore.ActionImage::name))
                    .contains(registry.reference())
                    .doesNotContain(others.reference());
            assertThat(bench.images().find(registry.reference())).isNull();
            assertThat(bench.images().find(others.reference())).isNotNull();
            assertThat(names(store.images(), false)).isEmpty();
            bench.docker().removeImageCmd(others.reference()).withForce(true).exec();
        }
    }

    @Test
    void preparingAnActionFetchesItsSidecarsToo() throws Exception {
        try (FakeRegistry registry = new FakeRegistry(FakeRegistry.Trouble.NONE, architecture, conversation)) {
            InstalledAction action = Declared.sidecars(
                    withImage("base", TestActions.SHELL),
                    new Manifest.Sidecar("web", registry.reference(), 8123, "tcp", "conversation"));
            bench.runner().prepare(action, new RecordingObserver());
            assertThat(bench.images().find(registry.reference())).isNotNull();
            bench.registry(List.of(bench.tools, action));
            assertThat(names(bench.runner().images().images(), true)).contains(registry.reference());
            bench.registry(List.of(bench.tools));
            bench.runner().images().collect();
            assertThat(bench.images().find(registry.reference())).isNull();
        }
    }

    @Test
    void ofAnImageWithoutATagOnlyTheLatestIsFetched() throws Exception {
        try (FakeRegistry registry = new FakeRegistry(FakeRegistry.Trouble.NONE, architecture, conversation)) {
            String name = registry.reference().replaceFirst("@.*", "");
            Images images = bench.images();
            String id = images.service(name, step -> {});
            assertThat(registry.paths)
                    .contains("/v2/test/thing/manifests/latest")
                    .noneMatch(path -> path.contains("tags"));
            assertThat(bench.images().find(name + ":latest")).isEqualTo(id);
            assertThat(images.notes().all()).contains(name + ":latest");
            bench.docker().removeImageCmd(id).withForce(true).exec();
        }
    }

    @Test
    void nothingIsCollectedWhileNobodyKnowsWhatIsInstalled() throws Exception {
        ImageStore store = bench.runner().images();
        bench.registry(List.of());
        try {
            assertThatThrownBy(store::collect)
                    .isInstanceOfSatisfying(
                            RunnerException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE))
                    .hasMessageContaining("try again");
        } finally {
            bench.registry(List.of(bench.tools));
        }
    }

    @Test
    void whatARunningBuildNeedsIsNotCollected() throws Exception {
        // It is not installed: only the build knows that its stages are needed.
        InstalledAction action = withDockerfile(
                "FROM base\nRUN echo first > /first\nRUN echo under way; while [ ! -e /none ]; do sleep 1; done\n");
        StepSeen seen = new StepSeen("under way");
        ImageStore store = bench.runner().images();
        store.collect();
        cancelled(
                action,
                () -> {
                    seen.await();
                    assertThat(names(store.images(), true)).anyMatch(name -> name.startsWith("rungpt/step:"));
                    assertThat(store.collect()).isEmpty();
                },
                seen);
        assertThat(store.collect()).isNotEmpty();
    }

    @Test
    void aBaseImageGoesWhenAnotherHasTakenItsPlace() throws Exception {
        String mark = UUID.randomUUID().toString();
        String first = "rungpt/base:" + mark + "-1";
        String second = "rungpt/base:" + mark + "-2";
        for (String tag : List.of(first, second)) {
            bench.docker()
                    .tagImageCmd(bench.images().base(), "rungpt/base", tag.substring(tag.indexOf(':') + 1))
                    .exec();
        }
        Path data = Files.createDirectory(directory.resolve(mark));
        try {
            assertThat(collected(first, data)).isEmpty();
            assertThat(collected(second, data)).containsExactly(first);
            assertThat(bench.images().find(first)).isNull();
            assertThat(bench.images().find(second)).isEqualTo(bench.images().base());
        } finally {
            bench.docker().removeImageCmd(second).exec();
        }
    }

    private static List<String> collected(String base, Path data) throws Exception {
        Settings settings = new Settings(
                data, Bench.HOST, base, 1 << 28, 1, 64, 0, Duration.ofMinutes(1), Duration.ofMinutes(1), 1);
        Labels labels = new Labels(UUID.randomUUID().toString());
        Images images = bench.images(settings, labels);
        images.base();
        BuiltIns builtIns = new BuiltIns(() -> TestActions.registry(List.of(bench.tools)));
        ImageGarbage garbage = new ImageGarbage(bench.engine, images, labels, builtIns, builtIns::installed);
        return garbage.collect().stream().map(ImageStore.ActionImage::name).toList();
    }

    private static Set<String> names(List<ImageStore.ActionImage> images, boolean needed) {
        return images.stream()
                .filter(image -> image.needed() == needed)
                .map(ImageStore.ActionImage::name)
                .collect(Collectors.toSet());
    }

    /** Images on this engine that this installation did not make, but those that other tests make meanwhile. */
    private static Set<String> foreign() throws Exception {
        String base = bench.images().base();
        return bench.docker().listImagesCmd().exec().stream()
                .map(image -> image.getId())
                .filter(base::equals)
                .collect(Collectors.toSet());
    }

    /** Waits for a step of progress. */
    private static final class StepSeen implements org.rungpt.api.runner.CallObserver {
        private final String wanted;
        private final java.util.concurrent.CountDownLatch seen = new java.util.concurrent.CountDownLatch(1);

        StepSeen(String wanted) {
            this.wanted = wanted;
        }

        @Override
        public void output(Stream stream, long offset, java.nio.ByteBuffer bytes) {}

        @Override
        public void progress(String step) {
            if (step.equals(wanted)) {
                seen.countDown();
            }
        }

        void await() throws InterruptedException {
            assertThat(seen.await(Bench.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        }
    }
}
