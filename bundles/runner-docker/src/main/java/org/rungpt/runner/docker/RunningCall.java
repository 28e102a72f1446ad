package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallConnection;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.RunnerException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A call on its way. The reading thread of the sandbox adds output, which is bounded by the credit that was granted; a thread of
 * its own hands it to the observer and grants more as that goes on.
 */
final class RunningCall implements CallHandle {
    private static final int MOVES = 2;
    private static final String LOST = "The files that it left are lost with its sandbox.";

    private static final Logger LOG = LoggerFactory.getLogger(RunningCall.class);

    /** The sandbox as its call sees it. Any thread, at once. */
    interface Control {
        void credit(RunningCall call, int bytes);

        void cancel(RunningCall call);

        /** The connection to its action service; null if there is none now. */
        @Nullable
        ServiceLink service();

        /** Whether the runner goes and leaves the sandbox to its successor. */
        boolean isDetached();

        /** All was observed, or nothing more will be. */
        void done(RunningCall call);

        /** Its outcome is durable. */
        void forget(RunningCall call);
    }

    private final String id;
    private final CallObserver observer;
    private final Executor executor;
    private final CompletableFuture<CallOutcome> outcome = new CompletableFuture<>();
    private final CallOutput output;
    private final long[] observed;
    private boolean delivering;
    private boolean observerFailed;
    private boolean cancelled;
    private boolean begun;
    private boolean confirmed;
    /** Until the service has heard that it is resumed, its output is for whoever watched before. */
    private boolean deaf;

    private boolean leftFiles;
    /** The service has told of its end and keeps it. */
    private boolean kept;

    private long begunAt;
    private int moves;
    private volatile @Nullable String egress;
    private @Nullable CallSpec spec;
    private @Nullable Control control;
    private @Nullable ServiceLink joined;
    /** Whether the sandbox knows it; open while that is asked, over as many links as it takes. */
    private CompletableFuture<Boolean> known = CompletableFuture.completedFuture(true);

    private @Nullable String stoppedFor;
    private @Nullable CallOutcome end;
    private @Nullable RunnerException failure;

    /** @param spec null to take up what was started before */
    RunningCall(
            String id,
            @Nullable CallSpec spec,
            long stdoutOffset,
            long stderrOffset,
            CallObserver observer,
            Executor executor) {
        this.id = id;
        this.spec = spec;
        this.observer = observer;
        this.executor = executor;
        this.output = new CallOutput(stdoutOffset, stderrOffset);
        this.observed = new long[] {stdoutOffset, stderrOffset};
        this.begun = spec == null;
        this.confirmed = spec == null;
        this.deaf = spec == null;
        this.begunAt = System.nanoTime();
        var unused = outcome.whenComplete((end, failure) -> known().complete(false));
    }

    @Override
    public String call() {
        return id;
    }

    @Override
    public CompletionStage<CallOutcome> outcome() {
        return outcome.minimalCompletionStage();
    }

    synchronized @Nullable CallSpec spec() {
        return spec;
    }

    /** By which its sandbox proves whose connections over the network they are. */
    void egress(String token) {
        egress = token;
    }

    @Nullable
    String egress() {
        return egress;
    }

    void connection(CallConnection connection) {
        try {
            observer.connection(connection);
        } catch (RuntimeException e) {
            LOG.warn("An observer of call {} failed", id, e);
        }
    }

    boolean isDone() {
        return outcome.isDone();
    }

    private CallSpec.@Nullable Limits limits() {
        return spec == null ? null : spec.limits();
    }

    @Override
    public void cancel() {
        Control sandbox;
        synchronized (this) {
            if (cancelled || end != null || failure != null) {
                return;
            }
            cancelled = true;
            if (!begun) {
                end = new CallOutcome(
                        null, CallOutcome.Reason.CANCELLED, null, output.stdout(), output.stderr(), Duration.ZERO, "");
                schedule();
                return;
            }
            sandbox = control;
        }
        if (sandbox != null) {
            sandbox.cancel(this);
        }
    }

    /** It is ended at once because of a limit that its sandbox has hit; that is what its outcome will say. */
    void stopFor(String limit) {
        Control sandbox;
        synchronized (this) {
            if (stoppedFor != null || end != null || failure != null) {
                return;
            }
            stoppedFor = limit;
            cancelled = true;
            if (!begun) {
                end = new CallOutcome(
                        null,
                        CallOutcome.Reason.RESOURCE_LIMIT,
                        limit,
                        output.stdout(),
                        output.stderr(),
                        Duration.ZERO,
                        "");
                schedule();
                return;
            }
            sandbox = control;
        }
        if (sandbox != null) {
            sandbox.cancel(this); // also if it is being cancelled: from now on without a grace
        }
    }

    /** Whether a limit of its sandbox was hit, so that it is to end at once. */
    synchronized boolean isStopped() {
        return stoppedFor != null && end == null && failure == null;
    }

    @Override
    public void forget() {
        Control sandbox;
        synchronized (this) {
            sandbox = kept ? control : null;
        }
        if (sandbox != null) {
            sandbox.forget(this);
        }
    }

    /** Whether the service keeps its end until it is forgotten. */
    synchronized boolean isKept() {
        return kept;
    }

    /** Somebody else watches it from now on, as far as it has come. */
    synchronized void handOverTo(RunningCall successor) {
        successor.takeOver(this);
        fail(new RunnerException(RunnerException.Kind.DETACHED, "somebody else watches the call now"), true);
    }

    /** Guarded by its predecessor too, which cannot begin meanwhile. */
    private synchronized void takeOver(RunningCall before) {
        spec = before.spec;
        begun = before.begun;
        confirmed = before.confirmed;
        begunAt = before.begunAt;
        moves = before.moves;
        stoppedFor = before.stoppedFor;
        egress = before.egress;
        deaf = begun;
        output.expectStrayCredit();
        if (!begun && (before.end != null || before.failure != null)) {
            end = before.end;
            failure = before.failure;
            schedule();
        }
    }

    synchronized boolean isCancelled() {
        return cancelled;
    }

    synchronized void belongsTo(Control sandbox) {
        control = sandbox;
    }

    /** @return false if it must not be started any more */
    synchronized boolean begin(ServiceLink link) {
        if (begun || end != null || failure != null) {
            return false;
        }
        begun = true;
        deaf = false;
        begunAt = System.nanoTime();
        joined = link;
        return true;
    }

    /** It waited for a sandbox that is no more. @return whether it may wait for another one */
    synchronized boolean mayMove() {
        return !begun && end == null && failure == null && ++moves <= MOVES;
    }

    /** The service has started it. */
    synchronized void confirm() {
        confirmed = true;
    }

    synchronized boolean isConfirmed() {
        return confirmed;
    }

    /** From where on it would go on now. */
    synchronized CallOutput.Position position() {
        return output.position();
    }

    synchronized boolean mayBegin() {
        return !begun && end == null && failure == null;
    }

    synchronized boolean hasBegun() {
        return begun;
    }

    /** @return from where on it goes on over this link; null if there is nothing to go on with */
    synchronized CallOutput.@Nullable Position join(ServiceLink link) {
        if (!begun || joined == link || end != null || failure != null) {
            return null;
        }
        joined = link;
        deaf = true;
        if (known.isDone()) {
            known = new CompletableFuture<>();
        }
        return output.rejoin();
    }

    /** Whether the sandbox knows it, as soon as that is answered. False if the call ends before. */
    synchronized CompletableFuture<Boolean> known() {
        return known;
    }

    /** The service has answered: what it says from now on over this link is for this one. Reading thread. */
    synchronized void hear(ServiceLink link) {
        if (joined == link) {
            deaf = false;
        }
    }

    void progress(String step) {
        synchronized (this) {
            if (begun || end != null || failure != null) {
                return;
            }
        }
        try {
            observer.progress(step);
        } catch (RuntimeException e) {
            LOG.warn("An observer of call {} failed", id, e);
        }
    }

    /** Output has come. */
    synchronized void output(ServiceLink link, JsonNode params) throws Violation {
        if (deaf) {
            return;
        }
        if (link != joined || end != null) {
            throw new Violation("it sent output of a call that has none");
        }
        if (failure != null) {
            return;
        }
        output.accept(params);
        schedule();
    }

    /** The last frame has come. */
    synchronized void finished(ServiceLink link, JsonNode params, Bounds bounds, boolean thirdParty, String sandbox)
            throws Violation {
        if (deaf) {
            return;
        }
        if (link != joined || end != null) {
            throw new Violation("it ended a call that does not run");
        }
        if (params.path("stdout").asLong(-1) != output.stdout()
                || params.path("stderr").asLong(-1) != output.stderr()) {
            throw new Violation("it ended a call before its output");
        }
        CallOutcome told = Outcomes.of(params, limits(), bounds, thirdParty, output.stdout(), output.stderr(), sandbox);
        String limit = stoppedFor;
        end = limit == null
                ? told
                : new CallOutcome(
                        told.exit(),
                        CallOutcome.Reason.RESOURCE_LIMIT,
                        limit,
                        told.stdout(),
                        told.stderr(),
                        told.duration(),
                        sandbox);
        leftFiles = params.path("files").asBoolean();
        kept = true;
        schedule();
    }

    /** It ended without a last frame. */
    synchronized void endWith(
            CallOutcome.@Nullable Reason reason, @Nullable Integer exit, String message, String sandbox) {
        if (end == null && failure == null) {
            Duration time = begun ? Duration.ofNanos(System.nanoTime() - begunAt) : Duration.ZERO;
            CallOutcome.Reason why = reason == null ? CallOutcome.Reason.SANDBOX_LOST : reason;
            end = new CallOutcome(exit, why, message, output.stdout(), output.stderr(), time, sandbox);
            schedule();
        }
    }

    /** Nothing more will be known of it here; what was not observed is left to whoever resumes it. */
    void fail(RunnerException reason) {
        fail(reason, false);
    }

    /** @param handedOver whether another one is there already, who starts it if it has not begun */
    private synchronized void fail(RunnerException reason, boolean handedOver) {
        if (end == null && failure == null) {
            boolean startAgain = !begun && !handedOver && reason.kind() == RunnerException.Kind.DETACHED;
            failure = startAgain
                    ? new RunnerException(
                            RunnerException.Kind.NOT_BEGUN, "the runner went before the call began", reason)
                    : reason;
            output.clear();
            schedule();
        }
    }

    /** Whether the service should have ended it long ago, and it is not the observer who holds it up. */
    synchronized boolean isOverdue(Duration patience) {
        return spec != null
                && begun
                && end == null
                && output.isDrained()
                && System.nanoTime() - begunAt
                        > spec.limits().total().plus(patience).toNanos();
    }

    private void schedule() {
        if (!delivering) {
            delivering = true;
            try {
                executor.execute(this::deliver);
            } catch (RejectedExecutionException e) {
                // The runner has gone: nobody observes any more.
                output.clear();
                outcome.completeExceptionally(
                        failure != null
                                ? failure
                                : new RunnerException(
                                        RunnerException.Kind.DETACHED,
                                        "the runner went; another one goes on with the call",
                                        e));
            }
        }
    }

    private void deliver() {
        while (true) {
            OutputBuffer.Piece piece;
            int grant = 0;
            Control sandbox;
            synchronized (this) {
                sandbox = control;
                piece = output.take();
                if (piece == null) {
                    if (end == null && failure == null) {
                        delivering = false;
                        return;
                    }
                    break;
                }
                if (end == null) {
                    grant = output.due();
                }
            }
            observe(piece);
            if (grant > 0 && sandbox != null) {
                synchronized (this) {
                    grant = output.grant(grant);
                }
                if (grant > 0) {
                    sandbox.credit(this, grant);
                }
            }
        }
        complete();
    }

    private void observe(OutputBuffer.Piece piece) {
        int stream = piece.stream().ordinal();
        long offset = observed[stream];
        observed[stream] += piece.bytes().length;
        if (observerFailed) {
            return;
        }
        try {
            observer.output(
                    piece.stream(), offset, ByteBuffer.wrap(piece.bytes()).asReadOnlyBuffer());
        } catch (RuntimeException e) {
            LOG.warn("An observer of call {} failed; its output is thrown away", id, e);
            observerFailed = true;
        }
    }

    /** Between the last output and the end: the files that it left. Their trouble is part of its outcome. */
    private void collectFiles(Control sandbox) {
        CallOutcome known;
        synchronized (this) {
            known = end;
            if (known == null || !leftFiles || observerFailed) {
                return;
            }
        }
        String problem;
        ServiceLink service = sandbox.service();
        try {
            problem = service == null ? LOST : new OutFiles(service, id, observer).collect();
        } catch (LinkBroken e) {
            problem = LOST;
        }
        if (problem != null && sandbox.isDetached()) {
            synchronized (this) {
                // Whoever resumes the call is told of its end again, and fetches them.
                failure = new RunnerException(
                        RunnerException.Kind.DETACHED, "the runner went; another one fetches what the call left");
                end = null;
            }
            return;
        }
        if (problem != null) {
            String message = known.message() == null ? problem : known.message() + ". " + problem;
            synchronized (this) {
                end = new CallOutcome(
                        known.exit(),
                        known.reason(),
                        message,
                        known.stdout(),
                        known.stderr(),
                        known.duration(),
                        known.sandbox());
            }
        }
    }

    private void complete() {
        Control sandbox;
        CallOutcome result;
        RunnerException reason;
        synchronized (this) {
            sandbox = control;
        }
        if (sandbox != null) {
            collectFiles(sandbox);
        }
        synchronized (this) {
            result = end;
            reason = failure;
        }
        if (sandbox != null) {
            sandbox.done(this);
        }
        if (result != null) {
            outcome.complete(result);
        } else if (reason != null) {
            outcome.completeExceptionally(reason);
        }
    }
}
