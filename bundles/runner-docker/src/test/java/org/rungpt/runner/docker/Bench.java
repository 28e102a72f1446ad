package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Event;
import com.github.dockerjava.api.model.Frame;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.secret.SecretStore;

/** A runner on the real engine, and what tests ask of it. Closing leaves nothing behind. */
final class Bench implements AutoCloseable {
    static final String HOST =
            System.getenv("DOCKER_HOST") == null ? EngineAddress.DEFAULT : System.getenv("DOCKER_HOST");
    static final long MIB = 1 << 20;
    /** How long a test waits for what has to happen: on a busy machine, and with a slow disk, it takes its time. */
    static final Duration PATIENCE = Duration.ofMinutes(3);
    /** Of a call that is not about them: seconds in all and without output. */
    private static final int CALL_SECONDS = 300;

    /** By which words Podman finds these events. */
    private static final Map<String, String> PODMANS_EVENTS = Map.of("destroy", "remove", "die", "died");

    final Path data;
    final TestActions actions;
    final InstalledAction tools;
    /** The engine itself, whatever the runner has before it. */
    final Engine engine;

    private final String host;
    private volatile int pool;
    private volatile long disk = 1024 * MIB;
    private volatile long diskReserve = DiskReserve.FITTING;
    private volatile String runtime;
    private volatile Duration idle = Duration.ofMinutes(30);
    private volatile int maxSandboxes = 20;
    private volatile long maxMemory;
    private volatile String baseImage = System.getProperty("rungpt.baseImage");
    private volatile EgressSettings egress = EgressSettings.DEFAULT;
    private volatile long journal = 4096 * MIB;
    private volatile Duration lease = Duration.ofSeconds(120);
    private Duration response = Engine.RESPONSE;
    private DockerRunner another;
    final Contributors contributors = new Contributors();
    private volatile ActionRegistry registry;
    volatile SecretStore secrets = new MemorySecrets();
    private DockerRunner runner;

    Bench(Path directory, int pool) throws Exception {
        this(directory, pool, HOST);
    }

    Bench(Path directory, int pool, String host) throws Exception {
        this(directory, pool, host, Engine.RESPONSE);
    }

    /** @param response how long the engine may take for an answer */
    Bench(Path directory, int pool, String host, Duration response) throws Exception {
        this(directory, pool, host, response, HOST);
    }

    /** @param engine where the engine itself is */
    Bench(Path directory, int pool, String host, Duration response, String engine) throws Exception {
        this.engine = new Engine(engine, 4);
        this.response = response;
        this.host = host;
        this.data = directory.resolve("data");
        this.pool = pool;
        this.actions = new TestActions(directory);
        this.tools = actions.action("rungpt/tools", true, TestActions.SHELL);
        this.registry = TestActions.registry(List.of(tools));
        this.runner = newRunner();
    }

    Settings settings() {
        return new Settings(
                data,
                EngineAddress.of(host),
                baseImage,
                512 * MIB,
                2,
                160,
                pool,
                idle,
                lease,
                maxSandboxes,
                disk,
                diskReserve,
                maxMemory,
                Settings.MOST,
                runtime,
                egress,
                journal);
    }

    private DockerRunner newRunner() throws Exception {
        DockerRunner made = new DockerRunner(settings(), () -> registry, () -> secrets, contributors, response);
        made.open();
        return made;
    }

    /** Images as the runner sees them. */
    Images images() throws Exception {
        return images(settings(), new Labels("test"));
    }

    Images images(Settings settings, Labels labels) {
        return new Images(
                engine,
                settings,
                new ImageBuild(engine, settings, labels.ofImage()),
                new StepRunner(engine, new SandboxFactory(settings, labels), labels.ofImage(), (builder, refusals) -> {
                    throw new IllegalStateException("these images are looked up only");
                }),
                new SharedWork(Runnable::run));
    }

    void registry(List<InstalledAction> installed) {
        registry = TestActions.registry(installed);
    }

    DockerRunner runner() {
        return runner;
    }

    DockerClient docker() {
        return engine.control();
    }

    /** The runner goes and another one comes, as when its bundle is updated. */
    DockerRunner swap() throws Exception {
        runner.close();
        runner = newRunner();
        return runner;
    }

    /** A second runner of this installation, beside the first. */
    DockerRunner another() throws Exception {
        another = newRunner();
        return another;
    }

    void lease(Duration next) {
        lease = next;
    }

    /** For the next runner. */
    void egress(EgressSettings next) {
        egress = next;
    }

    /** For the next runner. */
    void baseImage(String next) {
        baseImage = next;
    }

    /** For the next runner. */
    void disk(long next) {
        disk = next;
    }

    /** For the next runner. */
    void diskReserve(long next) {
        diskReserve = next;
    }

    /** For the next runner. */
    void idle(Duration next) {
        idle = next;
    }

    /**
     * For the next runner.
     *
     * @param memory bytes; 0 for what the engine has
     */
    void caps(int sandboxes, long memory) {
        maxSandboxes = sandboxes;
        maxMemory = memory;
    }

    /** For the next runner. */
    void runtime(String next) {
        runtime = next;
    }

    /** For the next runner. */
    void journal(long next) {
        journal = next;
    }

    void pool(int next) {
        pool = next;
    }

    /** Waits until a sandbox waits in the pool. */
    void awaitPool() throws Exception {
        runner.tickNow();
        String id = runner.sandboxes().stream()
                .filter(info -> info.conversation() == null)
                .findFirst()
                .orElseThrow()
                .id();
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!runner.awaitReady(id)) {
            assertThat(System.nanoTime()).as("the pool is still empty").isLessThan(end);
        }
    }

    /** Waits until something has happened to a container ({@code die}, {@code destroy}), or finds that it has. */
    void awaitEvent(String container, String what) throws Exception {
        CountDownLatch ended = new CountDownLatch(1);
        try (ResultCallback.Adapter<Event> events = new ResultCallback.Adapter<>() {
            @Override
            public void onNext(Event event) {
                ended.countDown();
            }
        }) {
            engine.streams()
                    .eventsCmd()
                    .withSince("0")
                    .withContainerFilter(container)
                    .withEventFilter(what, PODMANS_EVENTS.getOrDefault(what, what))
                    .exec(events);
            assertThat(ended.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        }
    }

    CallSpec spec(String conversation, String command) {
        String arguments = "{\"command\": \"" + command + "\"}";
        return new CallSpec(newCall(), conversation, shell(), arguments, Grants.NONE, Map.of(), limits(MIB));
    }

    InstalledTask shell() {
        return TestActions.task(tools, "shell");
    }

    CallHandle start(String conversation, InstalledTask task, String command, CallObserver observer)
            throws RunnerException {
        return start(newCall(), conversation, task, command, observer, limits(64 * MIB));
    }

    /** A call of the workspace that was granted hosts. */
    CallHandle start(String conversation, String command, List<String> network, CallObserver observer)
            throws RunnerException {
        Grants grants = new Grants(network, List.of(), Map.of(), false);
        return runner.start(
                new CallSpec(newCall(), conversation, shell(), arguments(command), grants, Map.of(), limits(64 * MIB)),
                observer);
    }

    CallHandle start(
            String call,
            String conversation,
            InstalledTask task,
            String command,
            CallObserver observer,
            CallSpec.Limits limits)
            throws RunnerException {
        return start(call, conversation, task, command, observer, limits, Grants.NONE);
    }

    CallHandle start(
            String call,
            String conversation,
            InstalledTask task,
            String command,
            CallObserver observer,
            CallSpec.Limits limits,
            Grants grants)
            throws RunnerException {
        return runner.start(
                new CallSpec(call, conversation, task, arguments(command), grants, Map.of(), limits), observer);
    }

    private static String arguments(String command) {
        return "{\"command\": \""
                + command.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"}";
    }

    /** No time that matters. */
    static CallSpec.Limits limits(long output) {
        return limits(CALL_SECONDS, CALL_SECONDS, output);
    }

    static CallSpec.Limits limits(int total, int idle, long output) {
        return new CallSpec.Limits(Duration.ofSeconds(total), Duration.ofSeconds(idle), output);
    }

    static String newCall() {
        return "call-" + UUID.randomUUID();
    }

    /** Waits for the end and says that it is kept. */
    static CallOutcome await(CallHandle call) {
        CallOutcome outcome = end(call);
        call.forget();
        return outcome;
    }

    /** Waits for the end. */
    static CallOutcome end(CallHandle call) {
        return call.outcome()
                .toCompletableFuture()
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    /** Waits until nothing more will be known of it, whatever became of it. */
    static void settled(CallHandle call) {
        call.outcome()
                .toCompletableFuture()
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .handle((outcome, failure) -> "")
                .join();
    }

    String instance() throws Exception {
        return java.nio.file.Files.readString(data.resolve("instance")).strip();
    }

    /** Ids of the containers that this installation has on the engine. */
    List<String> containers() throws Exception {
        return docker()
                .listContainersCmd()
                .withShowAll(true)
                .withLabelFilter(new Labels(instance()).filter())
                .exec()
                .stream()
                .map(container -> container.getId())
                .toList();
    }

    /** What the engine knows of them; what has gone since it was listed is left out. */
    List<InspectContainerResponse> inspected() throws Exception {
        List<InspectContainerResponse> found = new ArrayList<>();
        for (String container : containers()) {
            try {
                found.add(docker().inspectContainerCmd(container).exec());
            } catch (NotFoundException e) {
                // It was being removed.
            }
        }
        return found;
    }

    List<String> volumes() throws Exception {
        return docker()
                .listVolumesCmd()
                .withFilter("label", List.of(Labels.INSTANCE + "=" + instance()))
                .exec()
                .getVolumes()
                .stream()
                .map(volume -> volume.getName())
                .toList();
    }

    List<String> networks() throws Exception {
        return docker()
                .listNetworksCmd()
                .withFilter("label", List.of(Labels.INSTANCE + "=" + instance()))
                .exec()
                .stream()
                .map(network -> network.getId())
                .toList();
    }

    /** The volume that its sandbox has for a workspace. */
    String workspaceOf(String conversation) throws Exception {
        return docker().inspectContainerCmd(containerOf(conversation)).exec().getMounts().stream()
                .filter(mount -> "/workspace".equals(String.valueOf(mount.getDestination())))
                .findFirst()
                .orElseThrow()
                .getName();
    }

    String containerOf(String conversation) throws Exception {
        String id = runner.sandboxes().stream()
                .filter(info -> conversation.equals(info.conversation()))
                .findFirst()
                .orElseThrow()
                .id();
        return docker().listContainersCmd()
                .withShowAll(true)
                .withLabelFilter(Map.of(Labels.SANDBOX, id))
                .exec()
                .get(0)
                .getId();
    }

    /** Runs a command in a container, in its workspace and past the runner, and waits for its end. */
    void exec(String container, String command) throws Exception {
        String id = docker().execCreateCmd(container)
                .withUser("0:0")
                .withWorkingDir("/workspace")
                .withAttachStdout(true)
                .withAttachStderr(true)
                .withCmd("/bin/sh", "-c", command)
                .exec()
                .getId();
        try (ResultCallback.Adapter<Frame> nothing = new ResultCallback.Adapter<>()) {
            assertThat(engine.streams()
                            .execStartCmd(id)
                            .exec(nothing)
                            .awaitCompletion(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
        }
    }

    /** Fails with the remedy if there is no engine to test with. */
    Bench ready() throws Exception {
        try {
            runner.release("nobody");
        } catch (RunnerException e) {
            // What others left is removed first: with a slow disk that takes longer than any call would wait.
            boolean looks = runner.readiness().reason().equals("Docker is being looked for.");
            if (!looks || !runner.awaitEngine(PATIENCE)) {
                throw e;
            }
        }
        assertThat(runner.readiness())
                .as("these tests need Docker and the base image (actions/base/build): %s", runner.readiness())
                .matches(readiness -> readiness.ready());
        engine.isPodman(Breakouts.isPodman(docker().versionCmd().exec()));
        return this;
    }

    @Override
    public void close() throws Exception {
        runner.close();
        if (another != null) {
            another.close();
        }
        if (java.nio.file.Files.exists(data.resolve("instance"))) {
            removeContainers();
            removeVolumes();
        }
        removeImages();
        engine.close();
    }

    /** Until none is left: some are being removed already. */
    private void removeContainers() throws Exception {
        for (List<String> left = containers(); !left.isEmpty(); left = containers()) {
            for (String container : left) {
                try {
                    docker().removeContainerCmd(container).withForce(true).exec();
                } catch (ConflictException | NotFoundException e) {
                    // The engine removes it now, or has done so.
                }
            }
        }
    }

    /** As containers: who removed one of those may have it a moment longer. */
    private void removeVolumes() throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        for (List<String> left = volumes(); !left.isEmpty(); left = volumes()) {
            for (String volume : left) {
                try {
                    docker().removeVolumeCmd(volume).exec();
                } catch (NotFoundException e) {
                    // The engine has removed it.
                } catch (ConflictException e) {
                    if (System.nanoTime() > end) {
                        throw e;
                    }
                }
            }
        }
    }

    /** Images of this installation, the youngest first; several rounds, because some are made from others. */
    private void removeImages() throws Exception {
        if (!java.nio.file.Files.exists(data.resolve("instance"))) {
            return;
        }
        for (int round = 0; round < 8; round++) {
            var images = docker().listImagesCmd()
                    .withLabelFilter(Labels.MADE_BY + "=" + instance())
                    .exec();
            if (images.isEmpty()) {
                return;
            }
            for (var image : images) {
                try {
                    docker().removeImageCmd(image.getId()).withForce(true).exec();
                } catch (NotFoundException | ConflictException e) {
                    // It went with another one, or goes in the next round.
                }
            }
        }
    }
}
