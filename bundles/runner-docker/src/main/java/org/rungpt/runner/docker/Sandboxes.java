package org.rungpt.runner.docker;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.rungpt.api.runner.SandboxInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All sandboxes of this installation and whose they are. One workspace sandbox a conversation for the built-in actions, one more
 * for each third-party action that it calls; some wait in a pool. Any thread.
 */
final class Sandboxes {
    private static final Logger LOG = LoggerFactory.getLogger(Sandboxes.class);
    private static final Duration MAX_AGE = Duration.ofHours(24);
    private static final Duration RESUME = Duration.ofSeconds(20);
    private static final Duration POOL_PAUSE = Duration.ofMinutes(1);

    private final Means means;
    private final Containers containers;
    private final Workspaces workspaces;
    private final BuiltIns builtIns;
    private final Set<Sandbox> all = new LinkedHashSet<>();
    private final Map<String, Sandbox> current = new HashMap<>();
    private final Set<Sandbox> pool = new LinkedHashSet<>();
    private long poolPausedUntil = System.nanoTime();
    private boolean detached;

    Sandboxes(Means means, Containers containers, Workspaces workspaces, BuiltIns builtIns) {
        this.means = means;
        this.containers = containers;
        this.workspaces = workspaces;
        this.builtIns = builtIns;
    }

    // Calls

    void start(RunningCall call) throws RunnerException {
        InstalledAction action =
                java.util.Objects.requireNonNull(call.spec()).task().action();
        String conversation = call.spec().conversation();
        while (!sandboxFor(conversation, action).start(call)) {
            LOG.debug("A sandbox went while call {} was on its way to it", call.call());
        }
    }

    private void startAgain(RunningCall call) {
        try {
            start(call);
        } catch (RunnerException e) {
            call.fail(e);
        }
    }

    Optional<CallHandle> resume(String conversation, String call, long stdout, long stderr, CallObserver observer)
            throws RunnerException {
        for (Sandbox sandbox : of(conversation)) {
            if (!sandbox.hasContainer()) {
                continue;
            }
            RunningCall resumed = new RunningCall(call, null, stdout, stderr, observer, means.output());
            try {
                if (sandbox.resume(resumed).get(RESUME.toSeconds(), TimeUnit.SECONDS)) {
                    return Optional.of(resumed);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new RunnerException(Kind.UNAVAILABLE, "interrupted while asking sandbox " + sandbox.id(), e);
            } catch (ExecutionException e) {
                LOG.debug("Sandbox {} ended while it was asked for a call", sandbox.id());
            } catch (TimeoutException e) {
                throw new RunnerException(Kind.UNAVAILABLE, "sandbox " + sandbox.id() + " does not answer", e);
            }
        }
        return Optional.empty();
    }

    void warm(String conversation) throws RunnerException {
        Collection<ActionPackage> packages = builtIns.with(null);
        if (!packages.isEmpty()) {
            workspaceFor(conversation, packages);
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

    private Sandbox sandboxFor(String conversation, InstalledAction action) throws RunnerException {
        return action.files().builtIn()
                ? workspaceFor(conversation, builtIns.with(action.files()))
                : actionSandboxFor(conversation, action);
    }

    private synchronized Sandbox workspaceFor(String conversation, Collection<ActionPackage> packages)
            throws RunnerException {
        SortedSet<String> contents = BuiltIns.keys(packages);
        String key = "workspace " + conversation;
        Sandbox known = current.get(key);
        if (known != null && known.contents().containsAll(contents) && !known.isGone()) {
            return known;
        }
        checkOpen();
        if (known != null) {
            // The built-in actions have changed: running calls finish where they are.
            forget(known, key);
            known.retire();
        }
        Sandbox pooled = fromPool(conversation, contents);
        if (pooled != null) {
            current.put(key, pooled);
            return pooled;
        }
        Sandbox made = add(conversation, null, contents);
        current.put(key, made);
        List<ActionPackage> files = List.copyOf(packages);
        make(made, () -> means.images().workspace(files, made::progress));
        return made;
    }

    private synchronized Sandbox actionSandboxFor(String conversation, InstalledAction action) throws RunnerException {
        SortedSet<String> contents = BuiltIns.keys(List.of(action.files()));
        String key = actionKey(conversation, contents);
        Sandbox known = current.get(key);
        if (known != null && !known.isGone()) {
            return known;
        }
        checkOpen();
        Sandbox made = add(conversation, action.id().value(), contents);
        current.put(key, made);
        make(made, () -> means.images().action(action, made::progress));
        return made;
    }

    private static String actionKey(String conversation, SortedSet<String> contents) {
        return "action " + String.join(" ", contents) + " " + conversation;
    }

    private void checkOpen() throws RunnerException {
        if (detached) {
            throw new RunnerException(Kind.DETACHED, "this runner has gone; ask its successor");
        }
    }

    private void forget(Sandbox sandbox, String key) {
        current.remove(key, sandbox);
    }

    private Sandbox add(@Nullable String conversation, @Nullable String action, SortedSet<String> contents)
            throws RunnerException {
        makeRoom();
        Sandbox made = new Sandbox(
                means, Instance.newName(), conversation, action, contents, Instant.now(), this::gone, this::startAgain);
        all.add(made);
        return made;
    }

    private void makeRoom() throws RunnerException {
        int max = means.settings().maxSandboxes();
        if (all.size() < max) {
            return;
        }
        List<Sandbox> byIdleness = new ArrayList<>(all);
        byIdleness.sort(Comparator.comparing(Sandbox::idle).reversed());
        for (Sandbox sandbox : byIdleness) {
            if (sandbox.isReady() && sandbox.removeIfIdle()) {
                return;
            }
        }
        throw new RunnerException(
                Kind.LIMIT,
                max + " sandboxes are at work, which is the limit; wait for a call to end, or raise maxSandboxes in"
                        + " etc/org.rungpt.runner.docker.cfg");
    }

    private void gone(Sandbox sandbox) {
        String unownedVolume = null;
        synchronized (this) {
            all.remove(sandbox);
            current.values().removeIf(other -> other == sandbox);
            if (pool.remove(sandbox)) {
                unownedVolume = sandbox.volume();
            }
        }
        if (unownedVolume != null) {
            String volume = unownedVolume;
            execute(() -> containers.removeVolumeLater(volume));
        }
    }

    // Making

    private interface ImageSupplier {
        String get() throws RunnerException;
    }

    private void make(Sandbox sandbox, ImageSupplier image) {
        execute(() -> {
            try {
                makeNow(sandbox, image);
            } catch (RunnerException e) {
                failed(sandbox, e);
            } catch (IOException e) {
                failed(sandbox, new RunnerException(Kind.SANDBOX, "no sandbox: " + EngineFailures.line(e), e));
            } catch (RuntimeException e) {
                means.watch().suspect();
                failed(sandbox, EngineFailures.wrap(Kind.SANDBOX, "the sandbox could not be made", e));
            }
        });
    }

    private void failed(Sandbox sandbox, RunnerException reason) {
        boolean wasPooled;
        synchronized (this) {
            wasPooled = pool.contains(sandbox);
            poolPausedUntil = System.nanoTime() + (wasPooled ? POOL_PAUSE.toNanos() : 0);
        }
        if (wasPooled) {
            LOG.warn("No sandbox for the pool: {}", reason.getMessage());
        }
        sandbox.failed(reason);
    }

    private void makeNow(Sandbox sandbox, ImageSupplier image) throws RunnerException, IOException {
        String imageId = image.get();
        if (sandbox.action() == null) {
            String conversation = sandbox.conversation();
            String volume = conversation == null ? null : workspaces.volumeOf(conversation);
            if (volume == null) {
                volume = containers.newVolumeName();
                sandbox.volume(volume);
                containers.createVolume(volume, conversation);
                if (conversation != null) {
                    workspaces.bind(conversation, volume);
                }
            } else {
                sandbox.volume(volume);
                containers.createVolume(volume, conversation);
            }
        }
        sandbox.progress("starting the sandbox");
        // An action that asks for the workspace gets it here once the user has granted it; today nobody can.
        SandboxPlan plan = new SandboxPlan(
                sandbox.id(), imageId, sandbox.contents(), sandbox.conversation(), sandbox.action(), sandbox.volume());
        String container = containers.create(plan);
        sandbox.container(container);
        if (!sandbox.isGone()) {
            containers.start(container);
            sandbox.attach();
        }
        if (sandbox.isGone() && !isDetached()) {
            sandbox.destroy();
        }
    }

    private synchronized boolean isDetached() {
        return detached;
    }

    // The pool

    private @Nullable Sandbox fromPool(String conversation, SortedSet<String> contents) throws RunnerException {
        if (workspaces.volumeOf(conversation) != null) {
            return null;
        }
        for (Sandbox sandbox : pool) {
            String volume = sandbox.volume();
            if (volume != null && sandbox.isReady() && sandbox.contents().containsAll(contents)) {
                try {
                    workspaces.bind(conversation, volume);
                } catch (IOException e) {
                    throw new RunnerException(
                            Kind.SANDBOX, "the workspace cannot be noted: " + EngineFailures.line(e), e);
                }
                pool.remove(sandbox);
                sandbox.belongsTo(conversation);
                return sandbox;
            }
        }
        return null;
    }

    private void fillPool() {
        Collection<ActionPackage> packages = builtIns.with(null);
        if (packages.isEmpty() || !means.watch().isUp()) {
            return;
        }
        SortedSet<String> contents = BuiltIns.keys(packages);
        List<Sandbox> stale = new ArrayList<>();
        synchronized (this) {
            int kept = 0;
            for (Sandbox sandbox : pool) {
                if (!sandbox.contents().containsAll(contents)
                        || ++kept > means.settings().pool()) {
                    stale.add(sandbox);
                }
            }
        }
        stale.forEach(Sandbox::removeIfIdle);
        synchronized (this) {
            while (!detached
                    && pool.size() < means.settings().pool()
                    && all.size() < means.settings().maxSandboxes()
                    && System.nanoTime() - poolPausedUntil >= 0) {
                Sandbox made = new Sandbox(
                        means,
                        Instance.newName(),
                        null,
                        null,
                        new TreeSet<>(contents),
                        Instant.now(),
                        this::gone,
                        this::startAgain);
                all.add(made);
                pool.add(made);
                List<ActionPackage> files = List.copyOf(packages);
                make(made, () -> means.images().workspace(files, made::progress));
            }
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
            boolean pooled;
            synchronized (this) {
                pooled = pool.contains(sandbox);
            }
            boolean tooOld = sandbox.created().isBefore(old) && sandbox.idle().toSeconds() > 60;
            if (sandbox.isReady()
                    && (tooOld
                            || !pooled
                                    && sandbox.idle().compareTo(means.settings().idle()) > 0)) {
                sandbox.removeIfIdle();
            }
        }
        fillPool();
    }

    /** Takes over what a predecessor left on the engine, and removes what nobody can use. Blocking. */
    void adopt() throws RunnerException {
        Set<String> known = new LinkedHashSet<>();
        Set<String> volumes = workspaces.volumes();
        synchronized (this) {
            all.forEach(sandbox -> known.add(sandbox.id()));
        }
        for (Containers.Found found : containers.sweep(known)) {
            adopt(found);
        }
        synchronized (this) {
            all.forEach(sandbox -> {
                String volume = sandbox.volume();
                if (volume != null) {
                    volumes.add(volume);
                }
            });
        }
        containers.sweepVolumes(volumes);
    }

    private void adopt(Containers.Found found) {
        String volume = found.volume();
        String conversation = found.conversation();
        if (conversation == null && volume != null) {
            conversation = workspaces.conversationOf(volume);
        }
        Sandbox sandbox = new Sandbox(
                means,
                found.id(),
                conversation,
                found.action(),
                found.contents(),
                found.created(),
                this::gone,
                this::startAgain);
        sandbox.volume(volume);
        sandbox.container(found.container());
        synchronized (this) {
            if (detached) {
                return;
            }
            all.add(sandbox);
            if (conversation == null) {
                pool.add(sandbox);
            } else {
                String key = found.action() == null
                        ? "workspace " + conversation
                        : actionKey(conversation, found.contents());
                // Of several the newest, which comes first; the others are there for calls that still run in them.
                current.putIfAbsent(key, sandbox);
            }
        }
        execute(sandbox::adopt);
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

    /** Deletes everything of a conversation. Blocking. */
    void release(String conversation) throws RunnerException {
        List<Sandbox> its = of(conversation);
        its.forEach(Sandbox::destroy);
        try {
            String volume = workspaces.unbind(conversation);
            if (volume != null) {
                containers.removeVolume(volume);
            }
        } catch (IOException e) {
            throw new RunnerException(Kind.SANDBOX, "the workspace stays: " + EngineFailures.line(e), e);
        } catch (RuntimeException e) {
            throw EngineFailures.wrap(Kind.SANDBOX, "the workspace stays until the next start", e);
        }
    }

    synchronized List<SandboxInfo> list() {
        List<SandboxInfo> infos = new ArrayList<>();
        for (Sandbox sandbox : all) {
            String action = sandbox.action();
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
        List<String> idle = new ArrayList<>();
        for (Sandbox sandbox : sandboxes) {
            String container = sandbox.detach();
            if (container != null) {
                idle.add(container);
            }
        }
        return idle;
    }

    private void execute(Runnable task) {
        try {
            means.work().execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("The runner goes", e);
        }
    }
}
