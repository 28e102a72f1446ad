package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One sandbox: its container and the calls that run in it. When the link to its action service breaks and the container lives,
 * every call goes on from where it was; when the container is gone, its calls end.
 */
final class Sandbox implements SandboxLink.Owner, RunningCall.Control {
    private static final Logger LOG = LoggerFactory.getLogger(Sandbox.class);
    /** How long after its time the service may take to end a call: the grace of five seconds, and some. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Means means;
    private final String id;
    private final Purpose purpose;
    private final Instant created;
    private final Keeper keeper;
    private final SandboxLink link;
    private final CallPort port;
    private final SidecarWork sidecarWork;
    private final Egress egress;
    private final Map<String, RunningCall> calls = new ConcurrentHashMap<>();
    private final Unclaimed unclaimed = new Unclaimed();
    private volatile @Nullable String conversation;
    private volatile @Nullable String volume;
    private volatile @Nullable String container;
    private volatile String user;
    private volatile Map<String, String> environment = Map.of();
    private final SandboxSidecars sidecars;
    private final DiskMeter meter;
    private volatile long lastUsed = System.nanoTime();
    /** How many work on it without a call. Changed under its monitor. */
    private volatile int holds;

    private @Nullable Future<?> making;
    /** From then on nothing more comes into being for it; what is removed before could come after. */
    private final CompletableFuture<Void> made = new CompletableFuture<>();

    private final CompletableFuture<Void> removed = new CompletableFuture<>();
    private boolean gone;
    private volatile boolean retired;
    private volatile boolean detached;
    /** Of its way out, once it is detached. */
    private volatile @Nullable String proxy;

    /** Whether it may have calls of which nobody here knows yet. */
    private volatile boolean unasked;

    /** Who has it. */
    interface Keeper {
        /** It takes no calls any more. */
        void gone(Sandbox sandbox);

        /** Its container is no more, if it had one. */
        void removed(Sandbox sandbox);

        /** A call has ended; nobody has been told yet. */
        void ended(Sandbox sandbox, RunningCall call);

        /** The call has not begun here and needs another sandbox. At once; the rest is done behind it. */
        void startElsewhere(RunningCall call);

        /** Sees whether there is room for one more container. */
        void admitSidecar() throws RunnerException;
    }

    Sandbox(Means means, String id, @Nullable String conversation, Purpose purpose, Instant created, Keeper keeper) {
        this.means = means;
        this.id = id;
        this.conversation = conversation;
        this.purpose = purpose;
        this.created = created;
        this.keeper = keeper;
        this.link = new SandboxLink(means, id, this);
        this.port = new CallPort(
                id, link, purpose.bounds(), means.settings().egress().mirrors(), () -> environment);
        this.sidecars = new SandboxSidecars(means.containers(), keeper);
        this.sidecarWork = new SidecarWork(means.sidecars(), this);
        this.user = purpose.isWorkspace() ? SandboxPlan.ROOT : SandboxPlan.NOBODY;
        this.egress = new Egress(means, id);
        this.meter = new DiskMeter(means, id);
    }

    String id() {
        return id;
    }

    @Nullable
    String conversation() {
        return conversation;
    }

    void belongsTo(String owner) {
        conversation = owner;
        lastUsed = System.nanoTime();
    }

    Purpose purpose() {
        return purpose;
    }

    @Nullable
    String volume() {
        return volume;
    }

    void volume(@Nullable String name) {
        volume = name;
    }

    /** What its programs get beside what their call brings. */
    void environment(Map<String, String> variables) {
        environment = Map.copyOf(variables);
    }

    Instant created() {
        return created;
    }

    int runningCalls() {
        return calls.size();
    }

    boolean isReady() {
        return link.service() != null;
    }

    void throwIfFailed() throws RunnerException {
        link.throwIfFailed();
    }

    boolean awaitReady(Duration patience) throws InterruptedException {
        return link.awaitReady(patience);
    }

    Duration idle() {
        return isIdle() ? Duration.ofNanos(System.nanoTime() - lastUsed) : Duration.ZERO;
    }

    private boolean isIdle() {
        return calls.isEmpty() && holds == 0 && unclaimed.isEmpty() && !unasked;
    }

    /** Until {@link #release()} it is needed for something that is no call of its own. @return false if it is gone: take another one */
    synchronized boolean hold() {
        if (gone) {
            return false;
        }
        holds++;
        lastUsed = System.nanoTime();
        return true;
    }

    void release() {
        synchronized (this) {
            holds--;
            lastUsed = System.nanoTime();
        }
        goIfRetired();
    }

    /** Takes no new calls any more and goes after its last one. */
    void retire() {
        retired = true;
        removeIfIdle();
    }

    /** Whether another one has taken its place. */
    boolean isRetired() {
        return retired;
    }

    // Calls

    /** @return false if it takes none any more: take another sandbox */
    boolean start(RunningCall call) {
        if (!take(call)) {
            return false;
        }
        beginGranted(call);
        return true;
    }

    private void beginGranted(RunningCall call) {
        List<String> hosts =
                call.spec() == null ? List.of() : call.spec().grants().network();
        if (hosts.isEmpty()) {
            begin(call);
        } else {
            egress.grant(call, hosts).whenComplete((token, failure) -> {
                if (failure == null) {
                    call.egress(token);
                    begin(call);
                } else {
                    call.fail(Egress.reason(failure));
                }
            });
        }
    }

    private void begin(RunningCall call) {
        if (SidecarWork.isNeededBy(call)) {
            link.whenReady(service -> execute(() -> startWithSidecars(call)));
        } else {
            port.invoke(call);
        }
    }

    private void startWithSidecars(RunningCall call) {
        try {
            sidecarWork.before(call);
            port.invoke(call);
        } catch (RunnerException e) {
            call.fail(e);
        } catch (RuntimeException e) {
            means.watch().suspect();
            call.fail(EngineFailures.wrap(Kind.SANDBOX, "a container that the action needs could not be started", e));
        }
    }

    private synchronized boolean take(RunningCall call) {
        if (gone) {
            return false;
        }
        lastUsed = System.nanoTime();
        if (calls.containsKey(call.call())) {
            call.fail(new RunnerException(Kind.SANDBOX, "call " + call.call() + " runs already"));
            return true;
        }
        call.belongsTo(this);
        calls.put(call.call(), call);
        return true;
    }

    boolean hasCall(String call) {
        return calls.containsKey(call);
    }

    /** Takes up a call that was started before, from whoever watches it now. @return whether the sandbox knows it */
    CompletableFuture<Boolean> resume(RunningCall call) {
        RunningCall before;
        boolean isKnown = false;
        synchronized (this) {
            if (gone) {
                return CompletableFuture.completedFuture(false);
            }
            lastUsed = System.nanoTime();
            call.belongsTo(this);
            before = calls.get(call.call());
            if (before != null) {
                isKnown = before.known().getNow(false);
                before.handOverTo(call);
            }
            calls.put(call.call(), call);
            unclaimed.remove(call.call());
        }
        if (before != null && !call.hasBegun()) {
            beginGranted(call);
            return CompletableFuture.completedFuture(true);
        }
        if (before != null && isKnown) {
            egress.handOver(call);
            port.rejoinLater(call);
            return CompletableFuture.completedFuture(true);
        }
        egress.join(call);
        return link.ready().thenCompose(service -> port.rejoin(call, service)).whenComplete((known, failure) -> {
            if (failure != null || !known) {
                calls.remove(call.call(), call);
                egress.forget(call);
            }
        });
    }

    /** Nobody waits any more for a call to be taken up. */
    void letGo(RunningCall call) {
        synchronized (this) {
            if (calls.remove(call.call(), call)) {
                unclaimed.add(call.call());
            }
        }
        call.fail(new RunnerException(Kind.UNAVAILABLE, "sandbox " + id + " does not answer"));
    }

    @Override
    public void credit(RunningCall call, int bytes) {
        if (calls.get(call.call()) == call) {
            port.credit(call, bytes);
        }
    }

    @Override
    public void cancel(RunningCall call) {
        port.cancel(call);
    }

    @Override
    public @Nullable ServiceLink service() {
        return link.service();
    }

    @Override
    public boolean isDetached() {
        return detached;
    }

    @Override
    public void done(RunningCall call) {
        if (calls.get(call.call()) == call && !means.egressHealth().isDetached()) {
            egress.revoke(call);
        }
        synchronized (this) {
            if (!calls.remove(call.call(), call)) {
                return; // Somebody else watches it now.
            }
            lastUsed = System.nanoTime();
            if (call.isKept() && !gone) {
                unclaimed.add(call.call());
            }
        }
        if (SidecarWork.isNeededBy(call)) {
            execute(() -> sidecarWork.after(call));
        }
        if (!detached) {
            keeper.ended(this, call);
        }
        goIfRetired();
    }

    @Override
    public void forget(RunningCall call) {
        if (unclaimed.remove(call.call())) {
            lastUsed = System.nanoTime();
            port.forget(call.call());
            goIfRetired();
        }
    }

    private void goIfRetired() {
        if (retired) {
            removeIfIdle();
        }
        abandonIfUnwanted();
    }

    /** Its image is being made; that can be stopped until {@link #imageMade()}. */
    synchronized void imageBeingMade(Future<?> byWhom) {
        making = byWhom;
    }

    /** @return whether it is still wanted */
    synchronized boolean imageMade() {
        making = null;
        return !gone;
    }

    /** It is made, or will never be. */
    void makingEnded() {
        made.complete(null);
    }

    /** The last call that waited for its image was cancelled. */
    private void abandonIfUnwanted() {
        synchronized (this) {
            if (gone || making == null || !calls.isEmpty() || holds > 0) {
                return;
            }
            gone = true;
        }
        keeper.gone(this);
        link.close("nobody waits for it any more");
        stopImage();
        removeContainer();
    }

    /** After it is gone: without its image nothing of it is made. */
    private void stopImage() {
        Future<?> image;
        synchronized (this) {
            image = making;
            making = null;
        }
        if (image != null) {
            image.cancel(true);
            makingEnded(); // who is cancelled before the beginning never ends
        }
    }

    void progress(String step) {
        calls.values().forEach(call -> call.progress(step));
    }

    // What the service says

    @Override
    public void output(ServiceLink service, String call, JsonNode params) throws Violation {
        RunningCall known = calls.get(call);
        if (known != null) {
            known.output(service, params);
        } else if (!unclaimed.contains(call)) {
            throw new Violation("it sent output of an unknown call");
        }
    }

    @Override
    public void finished(ServiceLink service, String call, JsonNode params) throws Violation {
        RunningCall known = calls.get(call);
        if (known != null) {
            known.finished(service, params, purpose.bounds(), !purpose.isWorkspace(), id);
        } else if (!unclaimed.contains(call)) {
            throw new Violation("it ended an unknown call");
        }
    }

    @Override
    public void broken(ServiceLink service, String why, boolean violation) {
        if (violation) {
            LOG.warn("Sandbox {} is ended: {}", id, why);
            lose(Reason.SANDBOX_LOST, "the sandbox was ended because it broke the protocol: " + why);
        } else if (!isGone() && link.renew()) {
            LOG.debug("The link to sandbox {} broke: {}", id, why);
            execute(this::adopt);
        }
    }

    // Its container

    void container(String containerId) {
        container = containerId;
    }

    /** Measures its volumes. */
    DiskMeter meter() {
        return meter;
    }

    /** Ends every call at once because of a limit of the sandbox, and whatever calls have left behind. */
    void stopAll(String limit) {
        calls.values().forEach(call -> call.stopFor(limit));
        port.purge();
    }

    /** Whether a call that was to end at once is still there. */
    boolean hasStoppedCalls() {
        return calls.values().stream().anyMatch(RunningCall::isStopped);
    }

    /** When it was needed last, by the clock of {@link System#nanoTime()}. */
    long lastUsed() {
        return lastUsed;
    }

    boolean hasContainer() {
        return container != null;
    }

    @Nullable
    String container() {
        return container;
    }

    /** Who its programs run as, {@code uid:gid}. */
    String user() {
        return user;
    }

    /** Whether its programs have all the rights that a sidecar has. */
    boolean isRootOfWorkspace() {
        return purpose.isWorkspace()
                && user.equals(SandboxPlan.ROOT)
                && !purpose.border().isWritable();
    }

    void user(String uidAndGid) {
        user = uidAndGid;
    }

    SandboxSidecars sidecars() {
        return sidecars;
    }

    /** A container that a predecessor left: there may be calls in it. */
    void found(String containerId) {
        unasked = true;
        container = containerId;
        makingEnded();
    }

    /** Attaches for the first time. Blocking. */
    void attach() throws RunnerException {
        String target = container;
        if (target == null) {
            throw new IllegalStateException("no container");
        }
        try {
            link.connect(target);
        } catch (IOException e) {
            throw new RunnerException(Kind.SANDBOX, "the sandbox does not answer: " + EngineFailures.line(e), e);
        }
    }

    /** Takes up the proxy that serves it already. Blocking. */
    void adoptEgress(String proxy) {
        egress.adopt(proxy);
    }

    /** Attaches to a container that runs already. Blocking; if it has ended, the calls that wait go elsewhere. */
    void adopt() {
        String target = container;
        if (target != null) {
            link.recover(target);
        }
    }

    @Override
    public void linked(ServiceLink service) {
        calls.values().forEach(call -> port.rejoin(call, service));
        var unused = CallPort.calls(service).thenAccept(found -> {
            synchronized (this) {
                found.stream().filter(call -> !calls.containsKey(call)).forEach(unclaimed::add);
                unasked = false;
            }
        });
    }

    @Override
    public void containerEnded(ContainerState state) {
        Long exit = state.getExitCodeLong();
        if (Boolean.TRUE.equals(state.getOOMKilled())) {
            lose(Reason.RESOURCE_LIMIT, Outcomes.outOfMemory(purpose.bounds()) + "; the sandbox ended");
        } else {
            lose(Reason.SANDBOX_LOST, "the sandbox ended" + (exit == null ? "" : " (exit code " + exit + ")"));
        }
    }

    @Override
    public void inTheDark() {
        for (RunningCall call : calls.values()) {
            if (call.isOverdue(PATIENCE)) {
                call.fail(new RunnerException(
                        Kind.UNAVAILABLE, "Docker is away, and with it the sandbox in which the call ran"));
            }
        }
    }

    /** Every few seconds: renews the lease and looks whether the service keeps its promises. */
    void tick() {
        if (isGone()) {
            return;
        }
        egress.tick();
        if (!link.tick()) {
            return;
        }
        unclaimed.expire(means.settings().lease(), port::discard, call -> {
            port.forget(call);
            means.secrets().forget(call);
        });
        for (RunningCall call : calls.values()) {
            if (call.isOverdue(PATIENCE)) {
                LOG.warn("Sandbox {} is ended: it lets a call run beyond its time", id);
                call.endWith(Reason.TIMEOUT, null, "its time was up, and the sandbox did not end it", id);
                lose(Reason.SANDBOX_LOST, "the sandbox was ended because it let another call run beyond its time");
                return;
            }
        }
    }

    // Its end

    @Override
    public synchronized boolean isGone() {
        return gone;
    }

    /** It could not be made. */
    void failed(RunnerException reason) {
        if (leave()) {
            calls.values().forEach(call -> call.fail(reason));
            link.fail(reason);
            removeContainer();
        }
    }

    @Override
    public void lose(Reason reason, String message) {
        if (leave()) {
            link.close(message);
            for (RunningCall call : calls.values()) {
                if (call.mayMove()) {
                    keeper.startElsewhere(call);
                    calls.remove(call.call());
                } else {
                    call.endWith(reason, null, message, id);
                }
            }
            removeContainer();
        }
    }

    /** @return whether it was idle and is gone now */
    boolean removeIfIdle() {
        synchronized (this) {
            if (gone || !isIdle()) {
                return false;
            }
            gone = true;
        }
        keeper.gone(this);
        link.close("removed");
        removeContainer();
        return true;
    }

    /**
     * The runner goes; the container and its calls stay.
     *
     * @return whether no call runs in it or is kept there, so that it may be removed
     */
    boolean detach() {
        boolean idle;
        detached = true;
        synchronized (this) {
            gone = true;
            idle = unclaimed.isEmpty() && !unasked && calls.values().stream().noneMatch(RunningCall::hasBegun);
        }
        RunnerException reason =
                new RunnerException(Kind.DETACHED, "the runner went; another one goes on with the call");
        // Calls first: what still comes over the link is for the successor.
        calls.values().forEach(call -> call.fail(reason));
        link.close("detached");
        proxy = egress.detach();
        meter.detach();
        return idle;
    }

    /** After it was detached: its own one and those beside it. */
    List<String> containers() {
        List<String> containers = new ArrayList<>(sidecars.containers());
        String own = container;
        String served = proxy;
        String measures = meter.container();
        if (measures != null) {
            containers.add(measures);
        }
        if (own != null) {
            containers.add(own);
        }
        if (served != null) {
            containers.add(served);
        }
        return containers;
    }

    private boolean leave() {
        synchronized (this) {
            if (gone) {
                return false;
            }
            gone = true;
        }
        keeper.gone(this);
        return true;
    }

    private void removeContainer() {
        var unused = made.whenComplete((result, failure) -> execute(this::removeNow));
    }

    private void removeNow() {
        try {
            meter.close();
            sidecars.containers().forEach(means.containers()::removeQuietly);
            String target = container;
            if (target != null) {
                means.containers().removeQuietly(target);
            } else {
                means.containers().removeUnanswered(id);
            }
            egress.remove();
            means.containers().removeEgressVolume(id);
            keeper.removed(this);
        } finally {
            removed.complete(null);
        }
    }

    /** Removes it whatever it does. @return when the engine was asked; what it did not do then, {@link Adoption#tidy} asks again */
    CompletableFuture<Void> destroy() {
        if (leave()) {
            link.close("deleted");
            calls.values().forEach(call -> call.endWith(Reason.SANDBOX_LOST, null, "the conversation was deleted", id));
            stopImage();
            removeContainer();
        }
        return removed;
    }

    private void execute(Runnable task) {
        try {
            means.work().execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("The runner goes", e);
        }
    }
}
