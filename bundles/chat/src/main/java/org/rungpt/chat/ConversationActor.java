package org.rungpt.chat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.artifact.Artifact;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.runner.CallConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One conversation at work: a mailbox, the log, what is under way (at most one answer, some calls), and the loop that takes the
 * next step until there is nothing to do but wait. Everything but {@link #enqueue}, {@link #later} and {@link #nudge} runs in the mailbox.
 */
final class ConversationActor {
    /** An answer is asked for again so often in a row because a part was replaced. */
    static final int SUPERSEDED_BY_SWAPS = 100;
    /** An answer of which nothing had arrived is asked for again so often in a row after a crash. */
    private static final int SUPERSEDED_BY_CRASHES = 3;

    /** Before it goes on after it had to stand still; twice as long each time. */
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    private static final Duration STAYS_AFTER_ALL = Duration.ofSeconds(2);

    /** What a crash would only make be found out again may wait so long to share the disk's time with what comes next. */
    private static final Duration TOGETHER = Duration.ofMillis(20);

    private static final Logger LOG = LoggerFactory.getLogger(ConversationActor.class);

    private final Engine engine;
    private final String id;
    private final Mailbox mailbox;
    private final Runnable quiet;
    private final Map<String, CallRun> runs = new HashMap<>();
    /** Calls that the model is kept waiting for. */
    private final Set<String> inForeground = new HashSet<>();

    private @Nullable EventLog log;
    private @Nullable Steps steps;
    private @Nullable AnswerStream answer;
    private @Nullable Summary summary;
    private @Nullable ModelConnection left;
    private boolean retired;
    private boolean flushing;
    private boolean tryingAgain;
    private Duration pause = FIRST_PAUSE;

    /** @param quiet called in the mailbox when there is nothing under way */
    ConversationActor(Engine engine, String id, Runnable quiet) {
        this.engine = engine;
        this.id = id;
        this.quiet = quiet;
        this.mailbox = new Mailbox(engine.threads);
    }

    String id() {
        return id;
    }

    ChatLimits limits() {
        return engine.limits;
    }

    Services services() {
        return engine.services;
    }

    Actions actions() {
        return engine.actions;
    }

    /** Tells the listeners of something that is not kept. */
    void tell(Draft event) {
        if (log == null) {
            engine.services.tellTransient(id, event);
        } else {
            log.tell(event);
        }
    }

    /** Runs something in the mailbox. Any thread. @return false if this conversation was put away; ask for it anew */
    boolean enqueue(Runnable task) {
        return mailbox.add(() -> {
            try {
                task.run();
            } catch (LogLost e) {
                abandon();
                if (e.kind() != ChatException.Kind.NOT_FOUND) {
                    LOG.warn("conversation {} stands still for now: {}", id, e.getMessage());
                    tryAgainLater();
                }
            } catch (RuntimeException e) {
                LOG.error("conversation {} stands still for now because of an error in RunGPT", id, e);
                abandon();
                tryAgainLater();
            }
            if (!retired && !isBusy()) {
                quiet.run();
            }
        });
    }

    /** What made it stand still may pass: a full disk, a store that was away. */
    private void tryAgainLater() {
        if (!tryingAgain) {
            tryingAgain = true;
            later(pause, () -> {
                tryingAgain = false;
                drive();
                pause = FIRST_PAUSE;
            });
            pause = pause.compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    /** Whether it goes on after it could not. */
    boolean stoodStill() {
        return !pause.equals(FIRST_PAUSE);
    }

    boolean isOwnThread() {
        return mailbox.isOwnThread();
    }

    /** Runs something in the mailbox a little later. Any thread. */
    void later(Duration delay, Runnable task) {
        engine.later(delay, () -> enqueue(task));
    }

    /** Something changed that a step may have waited for. Any thread. */
    void nudge() {
        enqueue(this::driveIfLoaded);
    }

    void driveIfLoaded() {
        if (log != null) {
            drive();
        }
    }

    /** The log; read if need be, and whatever an earlier life left half done is put in order. */
    EventLog log() {
        if (log == null) {
            EventLog fresh = EventLog.read(engine.services, engine.access, id);
            log = fresh;
            steps = new Steps(engine, this, fresh);
            putInOrder(fresh);
        }
        return log;
    }

    private static void putInOrder(EventLog log) {
        AnswerState broken = log.state().answer();
        TurnState turn = log.state().turn();
        if (broken == null || turn == null) {
            return;
        }
        boolean again = broken.isEmpty() && turn.superseded < SUPERSEDED_BY_CRASHES;
        log.stage(Draft.messageFinished(
                broken.id,
                again ? "superseded" : "interrupted",
                again ? null : "RunGPT ended while the model answered.",
                null,
                null));
    }

    /** Takes steps until there is nothing to do but wait, and makes durable what happened. */
    void drive() {
        EventLog current = takeSteps();
        if (current != null) {
            current.flush();
            attendAll(current);
        }
    }

    /**
     * The same, but what happened may wait a moment for the disk while a model answers: for what is not lost by a crash, since the
     * sandbox keeps the ends of calls, and a model that was asked is asked again.
     */
    void driveOn() {
        EventLog current = takeSteps();
        if (current == null) {
            return;
        }
        if (answer == null) {
            current.flush();
        } else if (!flushing) {
            flushing = true;
            later(TOGETHER, () -> {
                flushing = false;
                if (log != null) {
                    log.flush();
                }
            });
        }
        attendAll(current);
    }

    private @Nullable EventLog takeSteps() {
        if (engine.isClosing()) {
            return null;
        }
        EventLog current = log();
        Steps taker = steps;
        if (taker == null) {
            return null;
        }
        while (taker.take(NextStep.of(current.state(), engine.limits(current.state())))) {
            // Each step leads to the next.
        }
        return current;
    }

    /** Sees that somebody watches every call that runs. */
    private void attendAll(EventLog current) {
        for (CallState call : List.copyOf(current.state().background().values())) {
            if (!call.isFinished()) {
                attend(current, call);
            }
        }
        TurnState turn = current.state().turn();
        for (CallState call : List.copyOf(current.state().calls().values())) {
            if (call.phase == CallState.Phase.STARTED) {
                CallRun run = attend(current, call);
                if (turn != null && turn.stopping) {
                    run.cancel();
                } else if (!call.background && !call.byUser && inForeground.add(call.id)) {
                    later(engine.limits.foreground(), () -> sendToBackground(call.id));
                }
            }
        }
    }

    private CallRun attend(EventLog current, CallState call) {
        CallRun run = runs.computeIfAbsent(call.id, key -> new CallRun(this, current, call, null));
        run.attempt();
        return run;
    }

    /** The model was kept waiting long enough. */
    private void sendToBackground(String call) {
        if (!inForeground.remove(call) || log == null) {
            return;
        }
        CallState state = log.state().calls().get(call);
        TurnState turn = log.state().turn();
        if (state != null && turn != null && !turn.stopping && state.phase == CallState.Phase.STARTED) {
            CallRun run = runs.get(call);
            if (run != null) {
                run.storeSoFar();
            }
            log.stage(Draft.callBackground(call));
            drive();
        }
    }

    /** Goes on after the task that runs now. */
    void driveSoon() {
        enqueue(this::drive);
    }

    boolean isBusy() {
        return log != null && log.state().doing() == Conversation.State.RUNNING
                || !runs.isEmpty()
                || answer != null
                || tryingAgain;
    }

    /** Puts it away if nothing is under way and nobody wants anything of it. Any thread. */
    void retire(Runnable done) {
        enqueue(() -> {
            if (!isBusy() && mailbox.closeIfLast()) {
                retired = true;
                done.run();
            }
        });
    }

    void answerBegins(AnswerStream stream) {
        answer = stream;
        left = null;
    }

    void summaryBegins(Summary begun) {
        summary = begun;
    }

    void summaryEnded() {
        summary = null;
    }

    boolean isSummarising() {
        return summary != null;
    }

    private void abandonSummary() {
        if (summary != null) {
            summary.abandon();
            summary = null;
        }
    }

    void answerEnded() {
        answer = null;
    }

    /** This connection said that it goes: the next answer comes from its successor, or from itself if it stays after all. */
    void leave(ModelConnection connection) {
        left = connection;
        later(STAYS_AFTER_ALL, () -> {
            if (left == connection) {
                left = null;
                driveIfLoaded();
            }
        });
    }

    @Nullable
    ModelConnection left() {
        return left;
    }

    /** A call left a file, which is kept already. */
    void artifact(String call, Artifact artifact) {
        EventLog current = log;
        if (current != null && runs.containsKey(call)) {
            current.stage(Draft.callArtifact(call, artifact));
            current.flush();
        }
    }

    /** Keeps output that is too long for the log. What cannot be kept is missed later, when somebody wants to read it. */
    void keepOutput(String call, String stream, OutputText.Piece piece) {
        if (piece.offset() + piece.bytes() <= engine.keptOutput) {
            engine.services.artifacts.first().ifPresent(store -> {
                try {
                    store.keepOutput(id, call, stream, piece.offset(), ByteBuffer.wrap(piece.kept()));
                } catch (IOException | RuntimeException e) {
                    LOG.warn("output of call {} is not kept: {}", call, e.toString());
                }
            });
        }
    }

    void run(CallRun run, String call) {
        runs.put(call, run);
    }

    /** A call reached for the network: durable with whatever comes next, at its end at the latest. */
    void connected(String call, CallConnection connection) {
        if (log != null && runs.containsKey(call)) {
            log.stage(Draft.callConnection(call, connection));
        }
    }

    void callEnded(String call) {
        inForeground.remove(call);
        runs.remove(call);
    }

    /** Ends the answer because the user wants it; calls end by themselves once the log says that the turn stops. */
    void stopAnswer() {
        abandonSummary();
        if (answer != null) {
            answer.stop();
        }
    }

    /** Ends everything at once; nothing is written any more. */
    void destroy() {
        List.copyOf(runs.values()).forEach(CallRun::cancel);
        abandon();
    }

    @Nullable
    CallRun running(String call) {
        return runs.get(call);
    }

    /** This engine goes: leaves everything so that its successor goes on by itself. */
    void handOver() {
        abandonSummary();
        if (log == null) {
            return;
        }
        if (answer != null) {
            answer.handOver(null);
        }
        var open = new ArrayList<>(runs.values());
        runs.clear();
        inForeground.clear();
        open.forEach(CallRun::detach);
        log.flush();
        log = null;
        steps = null;
    }

    /** The log is out of reach: nothing in memory counts any more. */
    void abandon() {
        abandonSummary();
        if (answer != null) {
            answer.abandon();
            answer = null;
        }
        runs.values().forEach(CallRun::abandon);
        runs.clear();
        inForeground.clear();
        log = null;
        steps = null;
    }
}
