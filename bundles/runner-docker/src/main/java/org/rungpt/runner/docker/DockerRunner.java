package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.HostTasks;
import org.rungpt.api.runner.ImageStore;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.rungpt.api.runner.SandboxInfo;
import org.rungpt.api.runner.ShareGuard;
import org.rungpt.api.runner.WorkspaceJournal;
import org.rungpt.api.secret.SecretStore;
import org.rungpt.api.status.Readiness;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The runner without OSGi: opens in the background, and closes so that a successor can go on. */
final class DockerRunner implements ActionRunner, ShareGuard, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DockerRunner.class);
    private static final long CLAIM_MILLIS = 100;
    private static final long TICK_SECONDS = 3;
    private static final long DISK_MILLIS = 250;
    private static final long TIDY_SECONDS = 60;
    private static final long GARBAGE_MINUTES = 60;

    /** Who makes a container knows of it by then, or never will. */
    private static final Duration YOUNG = Duration.ofMinutes(2);

    private static final long REMOVAL_SECONDS = 6;
    /** For what threads of ours are about to do. */
    private static final Duration LAST = Duration.ofSeconds(2);

    private static final Duration FIRST_ANSWER = Duration.ofSeconds(15);

    /** What there is once the installation is claimed. */
    private record Open(
            Instance instance,
            Engine engine,
            EngineWatch watch,
            Sandboxes sandboxes,
            ImageGarbage garbage,
            Sidecars sidecars) {}

    private final Settings settings;
    private final Duration response;
    private final BuiltIns builtIns;
    private final CallSecrets secrets;
    private final Contributors contributors;
    private final ShareRules shares;
    private final EgressHealth egressHealth;
    private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(2, threads("timer"));
    private final ExecutorService work = Executors.newCachedThreadPool(threads("work"));
    private final ExecutorService output = Executors.newCachedThreadPool(threads("output"));
    private final Object openedOrClosed = new Object();
    /** Calls that wait for the first answer of the engine. */
    private final Set<String> waiting = ConcurrentHashMap.newKeySet();

    private volatile Readiness opening = Readiness.unready("Docker is being looked for.", null);
    private final AtomicBoolean measuring = new AtomicBoolean();
    private volatile @Nullable Open open;
    private volatile boolean closed;

    DockerRunner(
            Settings settings,
            Supplier<@Nullable ActionRegistry> registry,
            Supplier<@Nullable SecretStore> secretStore,
            Contributors contributors) {
        this(settings, registry, secretStore, contributors, Engine.RESPONSE);
    }

    /** @param response how long an answer of the engine may take that does not stream */
    DockerRunner(
            Settings settings,
            Supplier<@Nullable ActionRegistry> registry,
            Supplier<@Nullable SecretStore> secretStore,
            Contributors contributors,
            Duration response) {
        this.response = response;
        this.contributors = contributors;
        this.settings = settings;
        this.egressHealth = new EgressHealth(settings.egress());
        this.builtIns = new BuiltIns(registry);
        this.secrets = new CallSecrets(secretStore);
        this.shares =
                new ShareRules(this::forbiddenPlaces, () -> HostMounts.now().places(), this::written);
    }

    private ForbiddenPlaces forbiddenPlaces() {
        Open now = open;
        return new ForbiddenPlaces(
                Path.of(System.getProperty("user.home", "/")),
                settings.data(),
                EnginePlaces.of(
                        settings.engine().candidates(),
                        now == null || !now.watch().isUp() ? null : now.engine()),
                Stream.of("rungpt.home", "karaf.home", "karaf.base", "java.home")
                        .map(System::getProperty)
                        .filter(Objects::nonNull)
                        .map(Path::of)
                        .toList());
    }

    private Set<Path> written() {
        Open now = open;
        return now == null ? Set.of() : now.sandboxes().written();
    }

    /** The tasks of {@code rungpt/containers}. */
    HostTasks containers() {
        return new ContainerTasks(
                new ContainerTasks.Where() {
                    @Override
                    public Sandbox workspace(CallSpec spec, ContainerTasks.RunningStep progress)
                            throws RunnerException {
                        return available().sandboxes().readyWorkspace(spec, progress::step);
                    }

                    @Override
                    public Sidecars sidecars() throws RunnerException {
                        return available().sidecars();
                    }
                },
                work);
    }

    @Override
    public Checked check(Grants.Share share) throws RunnerException {
        return shares.tell(share);
    }

    private static ThreadFactory threads(String what) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, "rungpt-docker-" + what + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Begins to look for Docker. */
    void open() {
        timer.execute(this::claim);
    }

    private void claim() {
        if (closed) {
            return;
        }
        try {
            Instance instance = Instance.claim(settings.data());
            if (instance != null) {
                openOrLetGo(instance);
                return;
            }
            opening = Readiness.unready("Another runner of this installation is still at work.", null);
            timer.schedule(this::claim, CLAIM_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("The runner goes", e);
        } catch (IOException | RuntimeException e) {
            opening = Readiness.unready(
                    "Sandboxes cannot be kept track of: " + EngineFailures.line(e) + ".",
                    "Make " + settings.data() + " writable, then restart RunGPT.");
            LOG.error("{} {}", opening.reason(), opening.remedy());
        }
    }

    private void openOrLetGo(Instance instance) throws IOException {
        boolean opened = false;
        try {
            open(instance);
            opened = true;
        } finally {
            if (!opened) {
                instance.close();
            }
        }
    }

    private void open(Instance instance) throws IOException {
        Workspaces workspaces = new Workspaces(settings.data(), instance.isNew());
        Engine engine = new Engine(settings.engine().candidates().get(0), settings.maxSandboxes() * 2 + 16, response);
        Labels labels = new Labels(instance.id());
        SandboxFactory factory = new SandboxFactory(settings, labels);
        AtomicReference<@Nullable Means> later = new AtomicReference<>();
        StepRunner steps = new StepRunner(
                engine,
                factory,
                labels.ofImage(),
                (builder, refusals) -> BuildEgress.open(
                        Objects.requireNonNull(later.get(), "images are made by means"), builder, refusals));
        ImageBuild builds = new ImageBuild(engine, settings, labels.ofImage());
        Images images = new Images(engine, settings, builds, steps, new SharedWork(work));
        Containers containers = new Containers(engine, labels, factory, steps, images, settings);
        Sidecars sidecars = new Sidecars(engine, labels, factory, settings, images);
        EngineWatch watch = new EngineWatch(engine, settings.engine(), settings.runtime(), images, timer);
        Means means = new Means(
                settings,
                engine,
                watch,
                images,
                containers,
                egressHealth,
                shares,
                secrets,
                contributors,
                sidecars,
                work,
                output);
        later.set(means);
        Sandboxes sandboxes = new Sandboxes(means, workspaces, builtIns);
        ImageGarbage garbage = new ImageGarbage(engine, images, labels, builtIns, builtIns::installed);
        synchronized (openedOrClosed) {
            open = new Open(instance, engine, watch, sandboxes, garbage, sidecars);
            openedOrClosed.notifyAll();
        }
        if (closed) {
            return;
        }
        watch.start(sandboxes::adopt);
        timer.scheduleWithFixedDelay(
                () -> work.execute(() -> watchDisks(watch, sandboxes)),
                DISK_MILLIS,
                DISK_MILLIS,
                TimeUnit.MILLISECONDS);
        timer.scheduleWithFixedDelay(() -> tick(sandboxes), TICK_SECONDS, TICK_SECONDS, TimeUnit.SECONDS);
        timer.scheduleWithFixedDelay(
                () -> work.execute(() -> tidy(watch, sandboxes)), TIDY_SECONDS, TIDY_SECONDS, TimeUnit.SECONDS);
        timer.scheduleWithFixedDelay(
                () -> work.execute(() -> collect(watch, garbage)), GARBAGE_MINUTES, GARBAGE_MINUTES, TimeUnit.MINUTES);
    }

    private static void tidy(EngineWatch watch, Sandboxes sandboxes) {
        try {
            if (watch.isUp()) {
                sandboxes.tidy(YOUNG);
            }
        } catch (RuntimeException e) {
            LOG.debug("What nobody knows is looked for another time: {}", EngineFailures.line(e));
        }
    }

    private static void collect(EngineWatch watch, ImageGarbage garbage) {
        try {
            if (watch.isUp()) {
                garbage.round();
            }
        } catch (RunnerException | RuntimeException e) {
            LOG.debug("Images are looked through another time: {}", EngineFailures.line(e));
        }
    }

    private void watchDisks(EngineWatch watch, Sandboxes sandboxes) {
        if (watch.isUp() && measuring.compareAndSet(false, true)) {
            try {
                sandboxes.watchDisks();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException e) {
                LOG.debug("The disks are measured another time: {}", EngineFailures.line(e));
            } finally {
                measuring.set(false);
            }
        }
    }

    private static void tick(Sandboxes sandboxes) {
        try {
            sandboxes.tick();
        } catch (RuntimeException e) {
            LOG.warn("Looking after the sandboxes failed: {}", EngineFailures.line(e), e);
        }
    }

    @Override
    public Readiness readiness() {
        Open now = open;
        return now == null ? opening : now.watch().readiness();
    }

    /** How the way to the network stands. */
    Readiness egressReadiness() {
        return egressHealth.readiness(readiness());
    }

    @Override
    public CallHandle start(CallSpec call, CallObserver observer) throws RunnerException {
        Open now = open;
        if (now != null && now.watch().isUp()) {
            MaskedCall masked = secrets.starting(call, observer);
            RunningCall running = new RunningCall(call.call(), call, 0, 0, masked, output);
            try {
                now.sandboxes().start(running);
            } catch (RunnerException e) {
                secrets.forget(call.call());
                throw e;
            }
            return secrets.handle(running, masked);
        }
        if (closed) {
            throw new RunnerException(Kind.DETACHED, "this runner has gone; ask its successor");
        }
        if (now != null && now.watch().isKnown()) {
            throw unavailable();
        }
        // Just started: the call waits for the first answer of the engine, its caller does not.
        MaskedCall masked = secrets.starting(call, observer);
        RunningCall running = new RunningCall(call.call(), call, 0, 0, masked, output);
        waiting.add(call.call());
        try {
            work.execute(() -> startLater(running));
        } catch (RejectedExecutionException e) {
            secrets.forget(call.call());
            throw new RunnerException(Kind.DETACHED, "this runner has gone; ask its successor", e);
        }
        return secrets.handle(running, masked);
    }

    private void startLater(RunningCall call) {
        try {
            available().sandboxes().start(call);
        } catch (RunnerException e) {
            call.fail(e);
        } catch (RuntimeException e) {
            call.fail(EngineFailures.wrap(Kind.SANDBOX, "the call could not be started", e));
        } finally {
            waiting.remove(call.call());
        }
    }

    private RunnerException unavailable() {
        Readiness why = readiness();
        return new RunnerException(
                Kind.UNAVAILABLE, why.remedy() == null ? why.reason() : why.reason() + " " + why.remedy());
    }

    /** Waits until it is known whether the engine is there. */
    private Open available() throws RunnerException {
        try {
            long end = System.nanoTime() + FIRST_ANSWER.toNanos();
            synchronized (openedOrClosed) {
                while (open == null && !closed) {
                    long rest = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                    if (rest <= 0) {
                        throw unavailable();
                    }
                    openedOrClosed.wait(rest);
                }
            }
            Open now = open;
            if (now == null || closed) {
                throw new RunnerException(Kind.DETACHED, "this runner has gone; ask its successor");
            }
            now.watch().awaitKnown(FIRST_ANSWER);
            if (!now.watch().isUp()) {
                throw unavailable();
            }
            return now;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunnerException(Kind.UNAVAILABLE, "interrupted", e);
        }
    }

    @Override
    public Optional<CallHandle> resume(
            String conversation, String call, long stdoutOffset, long stderrOffset, CallObserver observer)
            throws RunnerException {
        if (waiting.contains(call)) {
            throw unavailable();
        }
        return available().sandboxes().resume(conversation, call, stdoutOffset, stderrOffset, observer);
    }

    @Override
    public void warm(String conversation) {
        work.execute(() -> {
            try {
                available().sandboxes().warm(conversation);
            } catch (RunnerException e) {
                LOG.debug("No sandbox ahead of the first call: {}", e.getMessage());
            }
        });
    }

    @Override
    public void prepare(InstalledAction action, CallObserver observer) throws RunnerException {
        try {
            Open now = available();
            now.sandboxes().prepare(action, observer);
            now.sidecars().prepare(action, observer::progress);
        } catch (RunnerException e) {
            throw e;
        } catch (RuntimeException e) {
            throw EngineFailures.wrap(Kind.IMAGE, "no image for " + action.id(), e);
        }
    }

    @Override
    public void release(String conversation) throws RunnerException {
        Open now = open;
        if (now != null && !closed && now.watch().isKnown() && !now.watch().isUp()) {
            now.sandboxes().deletion().forget(conversation, new ArrayList<>());
            throw new RunnerException(
                    Kind.UNAVAILABLE, readiness().reason() + " What it had in sandboxes goes when Docker is back.");
        }
        available().sandboxes().deletion().release(conversation);
    }

    @Override
    public List<SandboxInfo> sandboxes() {
        Open now = open;
        return now == null ? List.of() : now.sandboxes().list();
    }

    /** The images that were made for actions. */
    ImageStore images() throws RunnerException {
        return available().garbage();
    }

    /** What calls changed in workspaces. */
    WorkspaceJournal journals() throws RunnerException {
        return available().sandboxes().journals();
    }

    /** Does now what is done every few seconds. */
    void tickNow() throws RunnerException {
        available().sandboxes().tick();
    }

    /** Does now what is done every minute, even to what is young. */
    void tidyNow() throws RunnerException {
        available().sandboxes().tidy(Duration.ZERO);
    }

    /** Waits until the engine is there. */
    boolean awaitEngine(Duration patience) throws InterruptedException {
        Open now = open;
        return now != null && now.watch().await(patience);
    }

    /** Where the engine is that is meant now. */
    @Nullable
    String engineHost() {
        Open now = open;
        return now == null ? null : now.engine().host();
    }

    /** Looks at once whether the engine is still there. */
    void suspectEngine() {
        Open now = open;
        if (now != null) {
            now.watch().suspect();
        }
    }

    /** Waits until a sandbox can take calls. */
    boolean awaitReady(String sandbox) throws RunnerException, InterruptedException {
        return available().sandboxes().awaitReady(sandbox, FIRST_ANSWER);
    }

    /** Detaches: sandboxes and the calls in them go on, for a successor. At most a few seconds. */
    @Override
    public void close() {
        close(false);
    }

    /**
     * The same, and if the whole server ends, sandboxes in which nothing runs are removed: nobody would use them before their lease
     * ends. Workspaces stay.
     */
    void close(boolean serverEnds) {
        if (closed) {
            return;
        }
        closed = true;
        egressHealth.detach();
        Open now;
        synchronized (openedOrClosed) {
            openedOrClosed.notifyAll();
        }
        timer.shutdownNow();
        await(timer);
        now = open;
        if (now != null) {
            List<String> idle = now.sandboxes().detach();
            if (serverEnds) {
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(REMOVAL_SECONDS);
                remove(idle, now);
                work.shutdown();
                // What is being made is made, or given up, and then seen: a slow engine has the time that the removals
                // left.
                await(
                        work,
                        Duration.ofNanos(Math.max(0, end - System.nanoTime())).plus(LAST));
                clear(now);
            }
        }
        work.shutdownNow();
        output.shutdown();
        await(work);
        await(output);
        output.shutdownNow();
        if (now != null) {
            now.engine().close();
            try {
                now.instance().close();
            } catch (IOException e) {
                LOG.warn("The lock of the runner could not be given back: {}", EngineFailures.line(e));
            }
        }
    }

    private void clear(Open now) {
        try {
            output.submit(() -> now.sandboxes().clear()).get(REMOVAL_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("Something stays until its lease ends, or the next start: {}", EngineFailures.line(e));
        }
    }

    private void remove(List<String> containers, Open now) {
        List<Callable<Void>> removals = new ArrayList<>();
        for (String container : containers) {
            removals.add(() -> now.engine()
                    .control()
                    .removeContainerCmd(container)
                    .withForce(true)
                    .withRemoveVolumes(true)
                    .exec());
        }
        try {
            work.invokeAll(removals, REMOVAL_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // what is left ends by its lease
        }
    }

    private static void await(ExecutorService executor) {
        await(executor, LAST);
    }

    private static void await(ExecutorService executor, Duration patience) {
        try {
            if (!executor.awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                LOG.debug("A thread of the runner takes its time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Where RunGPT keeps its data. */
    static Path data(@Nullable String property) {
        return property == null || property.isBlank()
                ? Path.of(System.getProperty("user.home", "."), ".rungpt")
                : Path.of(property);
    }
}
