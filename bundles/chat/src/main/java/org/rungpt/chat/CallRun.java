package org.rungpt.chat;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Task;
import org.rungpt.api.call.CallStatus;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.HostTasks;
import org.rungpt.api.runner.RunnerException;

/**
 * One call from its journaled start to its end, through as many runners as it takes. It is started at most once: once a runner has
 * it, it is only taken up again, unless that runner says that it has not begun. Runs in the conversation's mailbox.
 */
final class CallRun {
    private static final Duration STORE_AFTER = Duration.ofMillis(250);
    private static final int STORE_BYTES = 8 << 10;

    private static final Duration LOOK_AGAIN = Duration.ofMillis(250);
    private static final Duration NEWCOMER = Duration.ofSeconds(10);

    /** What to start, and what it is granted. */
    record Start(InstalledTask task, Grants grants) {}

    private enum Stage {
        /** No runner has begun it. */
        TO_START,
        /** It may run somewhere, and a runner is to take it up. */
        TO_TAKE_UP,
        /** A runner tells of it. */
        WATCHED,
        /** Its end is written down, or its successor will do that. */
        OVER
    }

    private final ConversationActor actor;
    private final EventLog log;
    private final CallState call;
    /** What to start; null if an earlier life of RunGPT did that. */
    private final @Nullable Start task;

    private Stage stage;

    /** By stream. */
    private final Map<String, CallOutput> outputs = new LinkedHashMap<>();

    private final Semaphore credit = new Semaphore(CallWatch.CREDIT);
    private long patienceEnds;
    private long stdoutEnd;
    private long stderrEnd;
    /** The latest one, which said that it goes, or could not. */
    private @Nullable ActionRunner runner;

    private @Nullable String problem;
    private @Nullable CallHandle handle;
    private @Nullable CallWatch attachment;
    private boolean looking;
    private boolean storing;
    private boolean cancelled;

    CallRun(ConversationActor actor, EventLog log, CallState call, @Nullable Start task) {
        this.actor = actor;
        this.log = log;
        this.call = call;
        this.task = task;
        for (String stream : CallState.STREAMS) {
            outputs.put(stream, new CallOutput(call.id, stream, call.events && !stream.equals("stderr")));
        }
        stdoutEnd = call.read();
        stderrEnd = call.stderr.end();
        stage = task == null ? Stage.TO_TAKE_UP : Stage.TO_START;
        beginPatience();
    }

    /** From now on a runner is waited for, within a bound. */
    private void beginPatience() {
        patienceEnds = System.nanoTime() + actor.limits().patience().toNanos();
        actor.later(actor.limits().patience().plusMillis(1), this::attempt);
    }

    /** Gets hold of the program if that has not succeeded yet; called again whenever something changed. */
    void attempt() {
        if (stage == Stage.TO_START && task != null) {
            start(task);
        } else if (stage == Stage.TO_TAKE_UP) {
            takeUp();
        }
    }

    private void start(Start what) {
        Optional<HostTasks> host = actor.services().host(what.task().action());
        if (host.isPresent()) {
            startOnHost(host.get(), what);
            return;
        }
        Optional<ActionRunner> found = actor.services().runner(runner);
        if (found.isEmpty()) {
            if (isLate()) {
                end(
                        CallStatus.FAILED,
                        problem != null
                                ? problem
                                : "No runner for actions is there. Start the bundle org.rungpt.runner.docker.");
            }
            return;
        }
        ActionRunner chosen = found.get();
        var attached = watch();
        try {
            attach(chosen, chosen.start(spec(what), attached), attached);
        } catch (RunnerException e) {
            boolean swapped = runner != null || actor.services().runners.hasNewcomer(NEWCOMER);
            if (e.kind() == RunnerException.Kind.DETACHED) {
                runner = chosen;
                lookAgain();
            } else if (e.kind() == RunnerException.Kind.UNAVAILABLE && swapped && !isLate()) {
                lookAgain();
            } else {
                end(CallStatus.FAILED, String.valueOf(e.getMessage()));
            }
        } catch (RuntimeException e) {
            // A runner that is being stopped may fail in any way; it has begun nothing.
            problem = "The runner failed: " + e;
            runner = chosen;
            lookAgain();
        }
    }

    private CallSpec spec(Start what) {
        Task of = what.task().task();
        var limits = new CallSpec.Limits(
                of.timeout(), of.idleTimeout(), actor.limits().outputBytes());
        return new CallSpec(call.id, actor.id(), what.task(), call.runs(), what.grants(), Map.of(), limits);
    }

    /** What RunGPT does itself; nobody can take it up again. */
    private void startOnHost(HostTasks host, Start what) {
        var attached = watch();
        try {
            attach(null, host.start(spec(what), attached), attached);
        } catch (RunnerException | RuntimeException e) {
            end(CallStatus.FAILED, String.valueOf(e.getMessage()));
        }
    }

    private void takeUp() {
        boolean anybody = false;
        boolean cannotTell = false;
        for (ActionRunner candidate : actor.services().runners.all()) {
            if (candidate == runner) {
                continue;
            }
            anybody = true;
            var attached = watch();
            try {
                Optional<CallHandle> found = candidate.resume(actor.id(), call.id, stdoutEnd, stderrEnd, attached);
                if (found.isPresent()) {
                    attach(candidate, found.get(), attached);
                    return;
                }
            } catch (RunnerException | RuntimeException e) {
                cannotTell = true;
            }
        }
        if (anybody && !cannotTell) {
            endLost();
        } else if (isLate()) {
            end(CallStatus.UNKNOWN, "Nobody could tell what became of the call. It was not run again.");
        } else if (cannotTell) {
            lookAgain();
        }
    }

    /** What the next runner is given; what it says is dropped once another has taken over. */
    private CallWatch watch() {
        var start = new CallWatch.Start(call.events, stdoutEnd, stderrEnd, call.ends());
        return new CallWatch(actor, call.id, credit, start, (watch, said) -> {
            if (attachment == watch) {
                accept(said);
            }
        });
    }

    private boolean isLate() {
        return System.nanoTime() >= patienceEnds;
    }

    /** A runner that is there but not ready tells nobody when it is. */
    private void lookAgain() {
        if (!looking) {
            looking = true;
            actor.later(LOOK_AGAIN, () -> {
                looking = false;
                attempt();
            });
        }
    }

    private void attach(@Nullable ActionRunner by, CallHandle to, CallWatch attached) {
        stage = Stage.WATCHED;
        runner = by;
        handle = to;
        attachment = attached;
        if (cancelled) {
            to.cancel();
        }
        var unused = to.outcome()
                .whenComplete((outcome, error) -> actor.enqueue(() -> {
                    if (attachment == attached && stage == Stage.WATCHED) {
                        if (outcome != null) {
                            attached.end(this::accept);
                            ended(to, outcome);
                        } else {
                            lost(attached, error);
                        }
                    }
                }));
    }

    private void ended(CallHandle by, CallOutcome outcome) {
        stage = Stage.OVER;
        storeAll();
        log.stage(call.finished(outcome));
        log.whenDurable(by::forget);
        actor.callEnded(call.id);
        actor.driveOn();
    }

    /** The runner cannot tell any more; another one may. */
    private void lost(CallWatch by, @Nullable Throwable error) {
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        RunnerException.Kind kind = cause instanceof RunnerException e ? e.kind() : null;
        // Half a character or line is whole only with what the next one tells.
        handle = null;
        attachment = null;
        if (kind == RunnerException.Kind.DETACHED) {
            stage = Stage.TO_TAKE_UP;
            beginPatience();
            attempt();
        } else if (kind == RunnerException.Kind.NOT_BEGUN && cancelled) {
            end(CallStatus.CANCELLED, "The call was cancelled before it ran.");
        } else if (kind == RunnerException.Kind.NOT_BEGUN && task != null) {
            stage = Stage.TO_START;
            beginPatience();
            attempt();
        } else if (kind == RunnerException.Kind.NOT_BEGUN) {
            end(CallStatus.FAILED, "RunGPT ended before the call began; it did not run.");
        } else {
            by.end(this::accept);
            end(CallStatus.FAILED, cause == null ? "The runner failed." : String.valueOf(cause.getMessage()));
        }
    }

    private void end(CallStatus status, String message) {
        stage = Stage.OVER;
        storeAll();
        // What it says from now on comes too late for the log.
        unwatch();
        log.stage(Draft.callFinished(call.id, status, message));
        actor.callEnded(call.id);
        actor.driveSoon();
    }

    private void endLost() {
        if (call.harmless) {
            end(CallStatus.INTERRUPTED, "RunGPT ended while the call ran, and the call was ended too.");
        } else {
            end(
                    CallStatus.UNKNOWN,
                    "RunGPT ended while the call ran; nobody knows what became of it. It was not run again: look first.");
        }
    }

    /** Ends the call; what it says until then still counts. */
    void cancel() {
        if (stage == Stage.OVER || cancelled) {
            return;
        }
        cancelled = true;
        if (handle != null) {
            handle.cancel();
        } else if (stage == Stage.TO_START) {
            end(CallStatus.CANCELLED, "The call was cancelled before it ran.");
            return;
        }
        actor.later(actor.limits().cancelPatience(), () -> {
            if (stage != Stage.OVER) {
                end(CallStatus.UNKNOWN, "The call was cancelled, but nobody says that it ended.");
            }
        });
    }

    /** Stops watching; the program goes on and a successor takes it up. */
    void detach() {
        if (stage != Stage.OVER) {
            abandon();
            outputs.values().forEach(output -> stage(output.take()));
        }
    }

    /** Stops watching; nothing is written any more. */
    void abandon() {
        stage = Stage.OVER;
        unwatch();
    }

    private void unwatch() {
        if (attachment != null) {
            attachment.close();
            attachment = null;
        }
    }

    private void accept(CallWatch.Said said) {
        CallOutput output = outputs.get(said.stream());
        if (output == null) {
            return;
        }
        if (said.stream().equals("stderr")) {
            stderrEnd = said.read();
        } else {
            stdoutEnd = Math.max(stdoutEnd, said.read());
        }
        actor.tell(output.accept(said.piece(), said.read()));
        if (CallOutput.isBeyondTheLog(said.piece())) {
            actor.keepOutput(call.id, said.stream(), said.piece());
        }
        long unstored =
                outputs.values().stream().mapToLong(CallOutput::unstored).sum();
        if (unstored >= STORE_BYTES) {
            storeSoFar();
        } else if (!storing && unstored > 0) {
            storing = true;
            actor.later(STORE_AFTER, () -> {
                storing = false;
                if (stage != Stage.OVER) {
                    storeSoFar();
                }
            });
        }
    }

    /** Makes durable what it said so far. */
    void storeSoFar() {
        outputs.values().forEach(output -> stage(output.take()));
        log.flush();
    }

    private void storeAll() {
        outputs.values().forEach(output -> output.end().forEach(log::stage));
    }

    private void stage(@Nullable Draft draft) {
        if (draft != null) {
            log.stage(draft);
        }
    }
}
