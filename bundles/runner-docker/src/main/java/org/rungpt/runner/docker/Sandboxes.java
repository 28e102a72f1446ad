package org.rungpt.runner.docker;

import com.github.dockerjava.api.exception.ConflictException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.rungpt.api.runner.SandboxInfo;
import org.rungpt.api.runner.WorkspaceJournal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All sandboxes of this installation and whose they are. One workspace sandbox a conversation for the built-in actions, one more
 * for each third-party action that it calls; some wait in a pool. Any thread.
 */
final class Sandboxes implements Sandbox.Keeper {
    private static final Logger LOG = LoggerFactory.getLogger(Sandboxes.class);
    private static final Duration MAX_AGE = Duration.ofHours(24);
    private static final Duration MAKING = Duration.ofMinutes(10);
    private static final int ATTEMPTS = 3;
    private static final Duration RESUME = Duration.ofSeconds(20);
    private static final Duration REMOVAL = Duration.ofSeconds(15);
    private static final long IN_USE_MILLIS = 50;

    private final Means means;
    private final Containers containers;
    private final Workspaces workspaces;
    private final BuiltIns builtIns;
    private final SandboxMaker maker;
    private final Journals journals;
    private final Pool pool;
    private final DiskWatch disks;
    private final Set<Sandbox> all = new LinkedHashSet<>();
    private final Map<String, Sandbox> current = new HashMap<>();
    /** Those that take no calls any more and are still being removed. */
    private final Set<Sandbox> leaving = new LinkedHashSet<>();

    /** Conversations that are no more: nothing is made for them again. */
    private final Set<String> deleted = ConcurrentHashMap.newKeySet();

    /** Whose actions were not installed at the last look. */
    private Set<Sandbox> uninstalled = Set.of();

    private boolean adopted;
    /** Calls that are in no sandbox yet. */
    private final Set<String> onTheirWay = ConcurrentHashMap.newKeySet();

    /** Sandboxes in which calls run on after this runner. */
    private final List<Sandbox> left = new ArrayList<>();

    private boolean detached;

    Sandboxes(Means means, Containers containers, Workspaces workspaces, BuiltIns builtIns) {
        this.means = means;
        this.containers = containers;
        this.workspaces = workspaces;
        this.builtIns = builtIns;
        this.maker = new SandboxMaker(means, containers, workspaces);
        this.disks = new DiskWatch(means);
        this.journals = new Journals(means, containers, workspaces, deleted::contains);
        this.pool = new Pool(means.settings().pool(), workspaces);
        means.contributors().onChange(() -> {
            pool.outdated();
            execute(this::tick);
        });
    }

    // Calls

    void start(RunningCall call) throws RunnerException {
        CallSpec spec = Objects.requireNonNull(call.spec());
        onTheirWay.add(call.call());
        if (!Journals.concerns(spec)) {
            startNow(call, spec);
            return;
        }
        boolean atOnce = journals.before(spec, () -> startElsewhere(call));
        // If no sandbox ever had it.
        var unused = call.outcome().whenComplete((outcome, failure) -> {
            if (!MaskedCall.isDetached(failure)) {
                journals.gone(spec.conversation(), call.call());
            }
        });
        if (atOnce) {
            startOrFail(call);
        }
    }

    private void startNow(RunningCall call, CallSpec spec) throws RunnerException {
        try {
            while (call.mayBegin() && !sandboxFor(spec).start(call)) {
                LOG.debug("A sandbox went while call {} was on its way to it", call.call());
            }
        } finally {
            onTheirWay.remove(call.call());
        }
    }

    @Override
    public void startElsewhere(RunningCall call) {
        onTheirWay.add(call.call());
        try {
            means.work().execute(() -> startOrFail(call));
        } catch (RejectedExecutionException e) {
            call.fail(detached());
        }
    }

    /** What keeps it from starting is its end. */
    private void startOrFail(RunningCall call) {
        try {
            startNow(call, Objects.requireNonNull(call.spec()));
        } catch (RunnerException e) {
            call.fail(e);
        } catch (RuntimeException e) {
            call.fail(EngineFailures.wrap(Kind.SANDBOX, "the call could not be started", e));
        }
    }

    Optional<CallHandle> resume(String conversation, String call, long stdout, long stderr, CallObserver observer)
            throws RunnerException {
        if (onTheirWay.contains(call)) {
            throw new RunnerException(Kind.UNAVAILABLE, "call " + call + " is on its way to a sandbox");
        }
        for (Sandbox sandbox : of(conversation)) {
            if (!sandbox.hasContainer() && !sandbox.hasCall(call)) {
                continue;
            }
            MaskedCall masked = means.secrets().resumed(call, sandbox.purpose(), observer);
            RunningCall resumed = new RunningCall(call, null, stdout, stderr, masked, means.output());
            try {
                if (sandbox.resume(resumed).get(RESUME.toSeconds(), TimeUnit.SECONDS)) {
                    return Optional.of(means.secrets().handle(resumed, masked));
                }
            } catch (InterruptedException e) {
                sandbox.letGo(resumed);
                Thread.currentThread().interrupt();
                throw new RunnerException(Kind.UNAVAILABLE, "interrupted while asking sandbox " + sandbox.id(), e);
            } catch (ExecutionException e) {
                LOG.debug("Sandbox {} ended while it was asked for a call", sandbox.id());
            } catch (TimeoutException e) {
                sandbox.letGo(resumed);
                throw new RunnerException(Kind.UNAVAILABLE, "sandbox " + sandbox.id() + " does not answer", e);
            }
        }
        means.secrets().forget(call);
        return Optional.empty();
    }

    @Override
    public void ended(Sandbox sandbox, RunningCall call) {
        CallSpec spec = call.spec();
        String conversation = sandbox.conversation();
        boolean sees =
                sandbox.purpose().isWorkspace() || sandbox.purpose().border().workspace();
        // Of a call that was taken up nobody knows what it may change.
        if (conversation != null && sees && (spec == null || Journals.concerns(spec))) {
            journals.after(conversation, call.call());
        }
    }

    /** What calls changed in workspaces. */
    WorkspaceJournal journals() {
        return journals;
    }

    /** A new conversation finds its sandbox in the pool when it needs one: taken ahead of need, each question would cost a container. */
    synchronized void warm(String conversation) throws RunnerException {
        boolean pooled = means.settings().pool() > 0 && workspaces.volumeOf(conversation) == null;
        Collection<ActionPackage> packages = builtIns.with(null);
        if (!pooled && !packages.isEmpty() && hasRoom(means.settings().memory())) {
            workspaceFor(conversation, packages, null);
        }
    }

    void prepare(InstalledAction action, CallObserver observer) throws RunnerException {
        if (action.files().builtIn()) {
            means.images().workspace(builtIns.with(action.files()), observer::progress);
        } else {
            means.images().action(action, observer::progress);
        }
    }

    // Which sandbox

    private Sandbox sandboxFor(CallSpec spec) throws RunnerException {
        InstalledAction action = spec.task().action();
        return action.files().builtIn()
                ? workspaceFor(spec.conversation(), builtIns.with(action.files()), spec.grants())
                : actionSandboxFor(spec.conversation(), action, spec.grants());
    }

    /** The workspace sandbox that a call's program would run in, ready for work. Blocking. */
    Sandbox readyWorkspace(CallSpec spec, Consumer<String> progress) throws RunnerException {
        try {
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                Sandbox sandbox = sandboxFor(spec);
                if (!sandbox.isReady()) {
                    progress.accept("starting the sandbox");
                }
                if (sandbox.awaitReady(MAKING) && !sandbox.isGone()) {
                    return sandbox;
                }
                sandbox.throwIfFailed();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunnerException(Kind.SANDBOX, "waiting for the sandbox was stopped", e);
        }
        throw new RunnerException(Kind.SANDBOX, "the workspace does not get ready; try again");
    }

    private Purpose workspace(Collection<ActionPackage> packages, Border border) {
        return new Purpose(null, BuiltIns.keys(packages), border, Bounds.of(means.settings()));
    }

    /** @param grants null if they are not known yet: any sandbox will do */
    private synchronized Sandbox workspaceFor(
            String conversation, Collection<ActionPackage> packages, @Nullable Grants grants) throws RunnerException {
        checkExists(conversation);
        Purpose purpose = workspace(packages, grants == null ? Border.CLOSED : Border.of(grants, false));
        String key = purpose.key(conversation);
        Sandbox known = current.get(key);
        if (known != null
                && !known.isGone()
                && (grants == null || known.purpose().serves(purpose))) {
            return known;
        }
        checkOpen();
        if (known != null) {
            // The built-in actions or the border have changed: running calls finish where they are, the workspace is
            // kept.
            current.remove(key, known);
            known.retire();
        }
        Sandbox pooled = pool.take(conversation, purpose);
        if (pooled != null) {
            current.put(key, pooled);
            return pooled;
        }
        List<ActionPackage> files = List.copyOf(packages);
        return make(conversation, purpose, progress -> means.images().workspace(files, progress));
    }

    private synchronized Sandbox actionSandboxFor(String conversation, InstalledAction action, Grants grants)
            throws RunnerException {
        checkExists(conversation);
        Purpose purpose = new Purpose(
                action.id().value(),
                BuiltIns.keys(List.of(action.files())),
                Border.of(grants, true),
                Bounds.of(means.settings(), action.manifest().resources()));
        Sandbox known = current.get(purpose.key(conversation));
        if (known != null && !known.isGone()) {
            return known;
        }
        checkOpen();
        // What was taken back is not left to what earlier calls left running.
        current.values().stream()
                .filter(other -> conversation.equals(other.conversation())
                        && action.id().value().equals(other.purpose().action())
                        && !other.purpose().border().equals(purpose.border()))
                .toList()
                .forEach(other -> {
                    current.values().remove(other);
                    other.retire();
                });
        return make(conversation, purpose, progress -> means.images().action(action, progress));
    }

    private void checkExists(String conversation) throws RunnerException {
        if (deleted.contains(conversation)) {
            throw new RunnerException(Kind.CANCELLED, "the conversation was deleted");
        }
    }

    private void checkOpen() throws RunnerException {
        if (detached) {
            throw detached();
        }
    }

    private static RunnerException detached() {
        return new RunnerException(Kind.DETACHED, "this runner has gone; ask its successor");
    }

    private Sandbox make(String conversation, Purpose purpose, SandboxMaker.ImageSource image) throws RunnerException {
        makeRoom(purpose.bounds().memory());
        Sandbox made = new Sandbox(means, Instance.newName(), conversation, purpose, Instant.now(), this);
        all.add(made);
        current.put(purpose.key(conversation), made);
        maker.make(made, image, (sandbox, reason) -> LOG.debug("No sandbox: {}", reason.getMessage()));
        return made;
    }

    /** A sidecar counts like a sandbox. */
    private int containerCount() {
        return all.size() + all.stream().mapToInt(Sandbox::sidecarCount).sum();
    }

    @Override
    public synchronized void admitSidecar() throws RunnerException {
        makeRoom(means.settings().memory());
    }

    /** Measures what sandboxes have written, those whose time it is. Blocking; one thread at a time. */
    void watchDisks() throws InterruptedException {
        List<Sandbox> sandboxes;
        synchronized (this) {
            sandboxes = List.copyOf(all);
        }
        disks.round(sandboxes);
    }

    private long memoryOfAll() {
        return all.stream()
                .mapToLong(sandbox -> sandbox.purpose().bounds().memory()
                        + sandbox.sidecarCount() * means.settings().memory())
                .sum();
    }

    /** What the limits of all sandboxes may add up to. */
    private long maxMemory() {
        long wanted = means.settings().maxMemory();
        long engine = means.watch().memory();
        return wanted > 0 ? wanted : engine > 0 ? engine / 4 * 3 : Long.MAX_VALUE;
    }

    private boolean hasRoom(long memory) {
        return containerCount() < means.settings().maxSandboxes() && memoryOfAll() + memory <= maxMemory();
    }

    private void makeRoom(long memory) throws RunnerException {
        int max = means.settings().maxSandboxes();
        long maxMemory = maxMemory();
        // How idle each is changes meanwhile: a sort must not look twice.
        Map<Sandbox, Duration> idle = new HashMap<>();
        all.forEach(sandbox -> idle.put(sandbox, sandbox.idle()));
        List<Sandbox> byIdleness = idle.entrySet().stream()
                .sorted(Map.Entry.<Sandbox, Duration>comparingByValue().reversed())
                .map(Map.Entry::getKey)
                .toList();
        for (Sandbox sandbox : byIdleness) {
            if (hasRoom(memory)) {
                return;
            }
            if (sandbox.isReady()) {
                sandbox.removeIfIdle();
            }
        }
        if (containerCount() >= max) {
            throw new RunnerException(
                    Kind.LIMIT,
                    max + " sandboxes are at work, which is the limit; wait for a call to end, or raise maxSandboxes in"
                            + " etc/org.rungpt.runner.docker.cfg");
        }
        if (memoryOfAll() + memory > maxMemory) {
            throw new RunnerException(
                    Kind.LIMIT,
                    "a sandbox of " + Outcomes.size(memory)
                            + " does not fit beside those at work: all together may have "
                            + (maxMemory >> 20) + " MiB; wait for a call to end, or raise maxMemoryMiB in"
                            + " etc/org.rungpt.runner.docker.cfg");
        }
    }

    @Override
    public void gone(Sandbox sandbox) {
        synchronized (this) {
            all.remove(sandbox);
            leaving.add(sandbox);
            current.values().removeIf(other -> other == sandbox);
        }
        pool.remove(sandbox);
    }

    @Override
    public void removed(Sandbox sandbox) {
        synchronized (this) {
            leaving.remove(sandbox);
        }
        String volume = sandbox.volume();
        if (volume != null && !workspaces.isNeeded(volume)) {
            containers.removeWorkspaceLater(volume);
        }
    }

    // Care

    /** Every few seconds; does not block on the engine. */
    void tick() {
        List<Sandbox> sandboxes;
        synchronized (this) {
            if (detached) {
                return;
            }
            sandboxes = new ArrayList<>(all);
        }
        Instant old = Instant.now().minus(MAX_AGE);
        for (Sandbox sandbox : sandboxes) {
            sandbox.tick();
            Duration idle = sandbox.idle();
            boolean tooOld = sandbox.created().isBefore(old) && idle.toSeconds() > 60;
            boolean tooIdle = idle.compareTo(means.settings().idle()) > 0 && !pool.contains(sandbox);
            if (sandbox.isReady() && (tooOld || tooIdle)) {
                sandbox.removeIfIdle();
            }
        }
        fillPool();
        journals.tick();
    }

    private void fillPool() {
        Collection<ActionPackage> packages = builtIns.with(null);
        if (packages.isEmpty() || !means.watch().isUp()) {
            return;
        }
        Purpose purpose = workspace(packages, Border.CLOSED);
        pool.surplus(purpose).forEach(Sandbox::removeIfIdle);
        List<ActionPackage> files = List.copyOf(packages);
        synchronized (this) {
            while (!detached && pool.wantsMore() && hasRoom(purpose.bounds().memory())) {
                Sandbox made = new Sandbox(means, Instance.newName(), null, purpose, Instant.now(), this);
                all.add(made);
                pool.add(made);
                maker.make(
                        made,
                        progress -> means.images().workspace(files, progress),
                        (sandbox, reason) -> pool.failed(reason));
            }
        }
    }

    /** Takes over what a predecessor left on the engine, and removes what nobody can use. Blocking. */
    void adopt() throws RunnerException {
        if (workspaces.isLost()) {
            try {
                workspaces.recover(containers.workspaces());
            } catch (IOException e) {
                throw new RunnerException(Kind.SANDBOX, "the workspaces cannot be noted: " + EngineFailures.line(e), e);
            }
        }
        // Deletions that a predecessor could not finish.
        for (String conversation : workspaces.doomedConversations()) {
            try {
                journals.release(conversation);
            } catch (RunnerException e) {
                LOG.warn("Of the deleted conversation {}: {}", conversation, e.getMessage());
            }
        }
        for (Containers.Found found : containers.sweep(this::known)) {
            adopt(found);
        }
        containers.sweepVolumes(() -> neededBy(allAndLeaving()));
        synchronized (this) {
            adopted = true;
        }
    }

    /**
     * Now and then: removes what came into being without anybody knowing, like a container that the engine made after its answer
     * was waited for no longer, tries again what could not be removed, and lets the sandboxes of uninstalled actions go. Blocking.
     *
     * @param young containers of less age may be known a moment later
     */
    void tidy(Duration young) {
        synchronized (this) {
            if (!adopted || detached) {
                return;
            }
        }
        uninstalledSinceLastTime().forEach(Sandbox::retire);
        containers.tidy(this::known, Instant.now().minus(young));
        containers.sweepVolumes(() -> neededBy(allAndLeaving()));
        try {
            workspaces.keepDoomed(containers.volumeNames());
        } catch (IOException e) {
            LOG.debug("Removed workspaces are forgotten another time: {}", EngineFailures.line(e));
        }
    }

    /** While its source is being swapped, an action is away for a moment: that is no reason. */
    private synchronized List<Sandbox> uninstalledSinceLastTime() {
        Set<String> installed = new HashSet<>();
        builtIns.installed().forEach(action -> installed.add(action.id().value()));
        List<Sandbox> now = all.stream()
                .filter(sandbox -> {
                    String action = sandbox.purpose().action();
                    return action != null && !installed.contains(action);
                })
                .toList();
        List<Sandbox> since = now.stream().filter(uninstalled::contains).toList();
        uninstalled = Set.copyOf(now);
        return since;
    }

    private synchronized List<Sandbox> allAndLeaving() {
        List<Sandbox> sandboxes = new ArrayList<>(all);
        sandboxes.addAll(leaving);
        return sandboxes;
    }

    private Set<String> known() {
        Set<String> known = new LinkedHashSet<>();
        allAndLeaving().forEach(sandbox -> known.add(sandbox.id()));
        return known;
    }

    /** The workspaces of conversations, and the volumes of these sandboxes. */
    private Set<String> neededBy(Collection<Sandbox> sandboxes) {
        Set<String> volumes = workspaces.volumes();
        for (Sandbox sandbox : sandboxes) {
            volumes.add(containers.egressVolume(sandbox.id()));
            String volume = sandbox.volume();
            if (volume != null) {
                volumes.add(volume);
            }
        }
        return volumes;
    }

    private void adopt(Containers.Found found) {
        String volume = found.volume();
        String conversation = found.conversation();
        if (conversation == null && volume != null) {
            conversation = workspaces.conversationOf(volume);
        }
        boolean isDoomed = volume != null && workspaces.isDoomed(volume);
        if (isDoomed || conversation != null && deleted.contains(conversation)) {
            containers.remove(found);
            return;
        }
        Sandbox sandbox = new Sandbox(means, found.id(), conversation, found.purpose(), found.created(), this);
        sandbox.volume(volume);
        sandbox.found(found.container());
        String user = found.user();
        if (user != null) {
            sandbox.user(user);
        }
        sandbox.environment(found.environment());
        found.sidecars().forEach(sandbox::addSidecar);
        synchronized (this) {
            // One container is one sandbox, however often it is found.
            if (detached || all.stream().anyMatch(other -> other.id().equals(found.id()))) {
                return;
            }
            all.add(sandbox);
            if (conversation == null) {
                pool.add(sandbox);
            } else {
                // Of several the newest, which comes first; the others are there for calls that still run in them.
                current.putIfAbsent(found.purpose().key(conversation), sandbox);
            }
        }
        String proxy = found.egress();
        execute(() -> {
            if (proxy != null) {
                sandbox.adoptEgress(proxy);
            }
            sandbox.adopt();
        });
    }

    /** Waits until a sandbox can take calls. @return false if it cannot or there is none */
    boolean awaitReady(String id, Duration patience) throws InterruptedException {
        Sandbox wanted;
        synchronized (this) {
            wanted = all.stream()
                    .filter(sandbox -> sandbox.id().equals(id))
                    .findFirst()
                    .orElse(null);
        }
        return wanted != null && wanted.awaitReady(patience);
    }

    private synchronized List<Sandbox> of(String conversation) {
        return all.stream()
                .filter(sandbox -> conversation.equals(sandbox.conversation()))
                .toList();
    }

    /**
     * Deletes everything of a conversation, for ever: what is being made for it is removed when it is made, and calls that come later
     * are refused. What the engine does not let go of within seconds goes with the next {@link #tidy}. Blocking.
     */
    void release(String conversation) throws RunnerException {
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        String volume = forget(conversation, ends);
        try {
            CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new))
                    .get(REMOVAL.toMillis(), TimeUnit.MILLISECONDS);
            if (volume != null) {
                removeWorkspace(volume);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.debug("That a workspace is removed is noted another time: {}", EngineFailures.line(e));
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("Something of {} is still being made or removed", conversation);
        } catch (RuntimeException e) {
            throw EngineFailures.wrap(Kind.SANDBOX, "the workspace stays until the engine lets it go", e);
        }
    }

    /**
     * Ends everything of a conversation, notes that it is to be removed, and deletes its journal.
     *
     * @param ends gets what tells when its sandboxes are no more
     * @return the volume of its workspace, if it has one
     */
    @Nullable
    String forget(String conversation, List<CompletableFuture<Void>> ends) throws RunnerException {
        List<Sandbox> its;
        synchronized (this) {
            // In here, so that no sandbox becomes its own from now on.
            deleted.add(conversation);
            its = allAndLeaving().stream()
                    .filter(sandbox -> conversation.equals(sandbox.conversation()))
                    .toList();
        }
        String volume;
        try {
            volume = workspaces.unbind(conversation);
        } catch (IOException e) {
            throw new RunnerException(Kind.SANDBOX, "the workspace stays: " + EngineFailures.line(e), e);
        } finally {
            its.forEach(sandbox -> ends.add(sandbox.destroy()));
        }
        journals.release(conversation);
        return volume;
    }

    /** A container that is being removed has it a while longer. */
    private void removeWorkspace(String volume) throws IOException, InterruptedException {
        long end = System.nanoTime() + REMOVAL.toNanos();
        while (true) {
            try {
                containers.removeWorkspace(volume);
                workspaces.removed(volume);
                return;
            } catch (ConflictException e) {
                if (System.nanoTime() > end) {
                    LOG.debug("Workspace {} is still in use", volume);
                    return;
                }
                TimeUnit.MILLISECONDS.sleep(IN_USE_MILLIS);
            }
        }
    }

    synchronized List<SandboxInfo> list() {
        List<SandboxInfo> infos = new ArrayList<>();
        for (Sandbox sandbox : all) {
            String action = sandbox.purpose().action();
            infos.add(new SandboxInfo(
                    sandbox.id(),
                    sandbox.conversation(),
                    action == null ? null : new ActionId(action),
                    sandbox.created(),
                    sandbox.runningCalls()));
        }
        return infos;
    }

    /**
     * Lets go of everything and leaves it running.
     *
     * @return the containers in which no call runs
     */
    List<String> detach() {
        List<Sandbox> sandboxes;
        synchronized (this) {
            detached = true;
            sandboxes = new ArrayList<>(all);
        }
        journals.close();
        List<String> idle = new ArrayList<>();
        for (Sandbox sandbox : sandboxes) {
            if (sandbox.detach()) {
                idle.addAll(sandbox.containers());
            } else {
                left.add(sandbox);
            }
        }
        return idle;
    }

    /** The whole server has ended: what nobody would use before its lease ends goes. After {@link #detach()}. Blocking. */
    void clear() {
        Set<String> busy = new LinkedHashSet<>();
        left.forEach(sandbox -> busy.add(sandbox.id()));
        containers.removeAllBut(busy);
        containers.sweepVolumes(() -> neededBy(left));
    }

    private void execute(Runnable task) {
        try {
            means.work().execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("The runner goes", e);
        }
    }
}
