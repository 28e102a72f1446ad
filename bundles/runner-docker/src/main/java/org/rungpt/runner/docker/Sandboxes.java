package org.rungpt.runner.docker;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
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

    private final Means means;
    private final Workspaces workspaces;
    private final BuiltIns builtIns;
    private final SandboxMaker maker;
    private final Deletion deletion;
    private final Journals journals;
    private final Pool pool;
    private final DiskWatch disks;
    private final Roster roster = new Roster();
    private final Caps caps;
    private final Adoption adoption;
    /** Calls that are in no sandbox yet. */
    private final Set<String> onTheirWay = ConcurrentHashMap.newKeySet();

    /** Sandboxes in which calls run on after this runner. */
    private final List<Sandbox> left = new ArrayList<>();

    Sandboxes(Means means, Workspaces workspaces, BuiltIns builtIns) {
        this.means = means;
        this.workspaces = workspaces;
        this.builtIns = builtIns;
        this.maker = new SandboxMaker(means, means.containers(), workspaces);
        this.disks = new DiskWatch(means);
        this.pool = new Pool(means.settings().pool(), workspaces);
        this.caps = new Caps(means, roster);
        this.deletion = new Deletion(means, roster, workspaces);
        this.journals = deletion.journals();
        this.adoption = new Adoption(means, roster, pool, workspaces, builtIns, deletion, this);
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
        boolean atOnce = journals.before(spec.conversation(), call.call(), () -> startElsewhere(call));
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
        for (Sandbox sandbox : roster.of(conversation)) {
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
    void warm(String conversation) throws RunnerException {
        boolean pooled = means.settings().pool() > 0 && workspaces.volumeOf(conversation) == null;
        Collection<ActionPackage> packages = builtIns.with(null);
        synchronized (roster) {
            if (!pooled && !packages.isEmpty() && caps.hasRoom(means.settings().memory())) {
                workspaceFor(conversation, packages, null);
            }
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

    /** The workspace sandbox that a call's program would run in, ready for work and held: who gets it releases it. Blocking. */
    Sandbox readyWorkspace(CallSpec spec, Consumer<String> progress) throws RunnerException {
        try {
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                Sandbox sandbox = sandboxFor(spec);
                if (sandbox.hold() && isReadyHeld(sandbox, progress)) {
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

    /** Lets go of it if it does not get ready. */
    private static boolean isReadyHeld(Sandbox sandbox, Consumer<String> progress) throws InterruptedException {
        boolean ready = false;
        try {
            if (!sandbox.isReady()) {
                progress.accept("starting the sandbox");
            }
            ready = sandbox.awaitReady(MAKING) && !sandbox.isGone();
            return ready;
        } finally {
            if (!ready) {
                sandbox.release();
            }
        }
    }

    private Purpose workspace(Collection<ActionPackage> packages, Border border) {
        return new Purpose(null, contents(packages), border, Bounds.of(means.settings()));
    }

    /** With the base image, whose service must know what we ask of it: a sandbox from before an update is replaced by another. */
    private SortedSet<String> contents(Collection<ActionPackage> packages) {
        SortedSet<String> contents = BuiltIns.keys(packages);
        String base = means.settings().baseImage();
        if (base != null) {
            contents.add(base);
        }
        return contents;
    }

    /** @param grants null if they are not known yet: any sandbox will do */
    private Sandbox workspaceFor(String conversation, Collection<ActionPackage> packages, @Nullable Grants grants)
            throws RunnerException {
        Purpose purpose = workspace(packages, grants == null ? Border.CLOSED : Border.of(grants, false));
        String key = purpose.key(conversation);
        synchronized (roster) {
            checkExists(conversation);
            Sandbox known = roster.current(key);
            if (known != null && (grants == null || known.purpose().serves(purpose))) {
                return known;
            }
            checkOpen();
            // The built-in actions or the border have changed: running calls finish where they are, the workspace is
            // kept.
            roster.retire(other -> other == known);
            Sandbox pooled = pool.take(conversation, purpose);
            if (pooled != null) {
                roster.use(key, pooled);
                return pooled;
            }
            List<ActionPackage> files = List.copyOf(packages);
            return make(conversation, purpose, progress -> means.images().workspace(files, progress));
        }
    }

    private Sandbox actionSandboxFor(String conversation, InstalledAction action, Grants grants)
            throws RunnerException {
        Purpose purpose = new Purpose(
                action.id().value(),
                contents(List.of(action.files())),
                Border.of(grants, true),
                Bounds.of(means.settings(), action.manifest().resources()));
        synchronized (roster) {
            checkExists(conversation);
            Sandbox known = roster.current(purpose.key(conversation));
            if (known != null) {
                return known;
            }
            checkOpen();
            // What was taken back is not left to what earlier calls left running.
            roster.retire(other -> conversation.equals(other.conversation())
                    && action.id().value().equals(other.purpose().action())
                    && !other.purpose().border().equals(purpose.border()));
            return make(conversation, purpose, progress -> means.images().action(action, progress));
        }
    }

    private void checkExists(String conversation) throws RunnerException {
        if (deletion.isDeleted(conversation)) {
            throw new RunnerException(Kind.CANCELLED, "the conversation was deleted");
        }
    }

    private void checkOpen() throws RunnerException {
        if (roster.isClosed()) {
            throw detached();
        }
    }

    private static RunnerException detached() {
        return new RunnerException(Kind.DETACHED, "this runner has gone; ask its successor");
    }

    private Sandbox make(String conversation, Purpose purpose, SandboxMaker.ImageSource image) throws RunnerException {
        caps.makeRoom(purpose.bounds().memory());
        Sandbox made = new Sandbox(means, Instance.newName(), conversation, purpose, Instant.now(), this);
        roster.add(made);
        roster.use(purpose.key(conversation), made);
        maker.make(made, image, (sandbox, reason) -> LOG.debug("No sandbox: {}", reason.getMessage()));
        return made;
    }

    @Override
    public void admitSidecar() throws RunnerException {
        synchronized (roster) {
            caps.makeRoom(means.settings().memory());
        }
    }

    /** Measures what sandboxes have written, those whose time it is. Blocking; one thread at a time. */
    void watchDisks() throws InterruptedException {
        disks.round(roster.all());
    }

    @Override
    public void gone(Sandbox sandbox) {
        roster.gone(sandbox);
        pool.remove(sandbox);
    }

    @Override
    public void removed(Sandbox sandbox) {
        roster.removed(sandbox);
        String volume = sandbox.volume();
        if (volume != null && !workspaces.isNeeded(volume)) {
            means.containers().removeWorkspaceLater(volume);
        }
    }

    // Care

    /** Every few seconds; does not block on the engine. */
    void tick() {
        if (roster.isClosed()) {
            return;
        }
        Instant old = Instant.now().minus(MAX_AGE);
        for (Sandbox sandbox : roster.all()) {
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
        synchronized (roster) {
            while (!roster.isClosed()
                    && pool.wantsMore()
                    && caps.hasRoom(purpose.bounds().memory())) {
                Sandbox made = new Sandbox(means, Instance.newName(), null, purpose, Instant.now(), this);
                roster.add(made);
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
        adoption.adopt();
    }

    /** See {@link Adoption#tidy}. Blocking. */
    void tidy(Duration young) {
        adoption.tidy(young);
    }

    /** Waits until a sandbox can take calls. @return false if it cannot or there is none */
    boolean awaitReady(String id, Duration patience) throws InterruptedException {
        Sandbox wanted = roster.find(id).orElse(null);
        return wanted != null && wanted.awaitReady(patience);
    }

    Deletion deletion() {
        return deletion;
    }

    /** The directories of the host into which sandboxes may write. */
    Set<Path> written() {
        return roster.all().stream()
                .flatMap(sandbox -> sandbox.purpose().border().shares().stream())
                .filter(share -> share.writable() && !share.source().isEmpty())
                .map(share -> Path.of(share.source()))
                .collect(Collectors.toSet());
    }

    List<SandboxInfo> list() {
        List<SandboxInfo> infos = new ArrayList<>();
        for (Sandbox sandbox : roster.all()) {
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
        roster.close();
        journals.close();
        List<String> idle = new ArrayList<>();
        for (Sandbox sandbox : roster.all()) {
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
        adoption.clear(left);
    }

    private void execute(Runnable task) {
        try {
            means.work().execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("The runner goes", e);
        }
    }
}
