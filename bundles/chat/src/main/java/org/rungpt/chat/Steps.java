package org.rungpt.chat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.call.CallStatus;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.chat.Message;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.api.protocol.ParserContext;
import org.rungpt.api.runner.Grants;

/** Takes the steps of one conversation. What a step needs may be away for a while: then it waits, within a bound. */
final class Steps {
    /** So much of a model's context is kept free for its answer. */
    private static final int ANSWER_TOKENS = 8192;

    private static final Duration LOOK_AGAIN = Duration.ofMillis(200);

    private final Engine engine;
    private final ConversationActor actor;
    private final EventLog log;
    private final ConversationState state;
    private final Pictures pictures;
    /** What is waited for, and until when; null if nothing is. */
    private @Nullable String awaited;

    private long awaitedUntil;

    Steps(Engine engine, ConversationActor actor, EventLog log) {
        this.engine = engine;
        this.actor = actor;
        this.log = log;
        this.state = log.state();
        this.pictures = new Pictures(engine.services, actor.id());
    }

    /** Takes a step. @return false if the next has to wait for something to happen */
    boolean take(NextStep step) {
        TurnState turn = state.turn();
        if (step instanceof NextStep.StartTurn start) {
            log.stage(Draft.turnStarted(start.cause()));
            return true;
        }
        if (turn == null || step instanceof NextStep.Wait) {
            return false;
        }
        boolean went = takeInTurn(step, turn);
        if (went) {
            awaited = null;
        }
        return went;
    }

    private boolean takeInTurn(NextStep step, TurnState turn) {
        if (step instanceof NextStep.Begin || step instanceof NextStep.Ask) {
            try {
                return step instanceof NextStep.Begin ? begin(turn) : ask(turn);
            } catch (LogLost e) {
                throw e;
            } catch (RuntimeException e) {
                // The protocol is a plug-in: what it does wrong ends the turn, not the conversation.
                String detail = "The model could not be asked, the protocol " + state.protocol() + " failed: " + e;
                log.stage(Draft.turnFinished(turn.id, new NextStep.Finish("error", detail, true)));
                return true;
            }
        } else if (step instanceof NextStep.Decide decide) {
            return decide(decide.call());
        } else if (step instanceof NextStep.Close close) {
            return close(close.call(), close.status(), close.why());
        } else if (step instanceof NextStep.Run run) {
            return run(run.call());
        } else if (step instanceof NextStep.RequestUserCalls request) {
            return requestUserCalls(request.expansion());
        } else if (step instanceof NextStep.Expand expand) {
            return expand(expand.expansion());
        } else if (step instanceof NextStep.SendLate) {
            return sendLate();
        } else if (step instanceof NextStep.SendResults) {
            return sendResults();
        } else if (step instanceof NextStep.Finish finish) {
            log.stage(Draft.turnFinished(turn.id, finish));
            return true;
        }
        return false;
    }

    /** @return true if the time to wait for this is over */
    private boolean hasWaitedFor(String what) {
        Duration patience = engine.limits.patience();
        long now = System.nanoTime();
        if (!what.equals(awaited)) {
            awaited = what;
            awaitedUntil = now + patience.toNanos();
            actor.later(patience.plusMillis(1), actor::drive);
        }
        return now >= awaitedUntil;
    }

    /** Waits; when the time is over, ends the turn with what is missing and what helps. */
    private boolean waitOrEnd(TurnState turn, String what, String problem) {
        if (!hasWaitedFor(what)) {
            return false;
        }
        log.stage(Draft.turnFinished(turn.id, new NextStep.Finish("error", problem, true)));
        return true;
    }

    private boolean waitForProtocol(TurnState turn) {
        String id = state.protocol();
        return waitOrEnd(
                turn,
                "protocol " + id,
                "No protocol " + id + " is there: start the bundle org.rungpt.protocol." + id + ", then continue.");
    }

    private boolean begin(TurnState turn) {
        Optional<CallProtocol> protocol = engine.services.protocol(state.protocol());
        if (protocol.isEmpty()) {
            return waitForProtocol(turn);
        }
        if (!engine.actions.areKnown()) {
            return waitOrEnd(
                    turn,
                    "registry",
                    "No registry of actions is there: start the bundle org.rungpt.registry, then continue.");
        }
        ConversationState.Beginning before = state.beginning();
        String nonce = before == null ? Ids.nonce() : before.nonce();
        List<InstalledAction> actions = engine.actions.installed();
        String system =
                SystemMessage.of(protocol.get().instructions(nonce, actions, engine.limits.instructionCharacters()));
        List<ToldAction> told = actions.stream().map(ToldAction::of).toList();
        log.stage(Draft.conversationStarted(nonce, state.protocol(), system, told));
        return true;
    }

    private boolean ask(TurnState turn) {
        ConversationState.Beginning beginning = state.beginning();
        if (beginning == null) {
            throw new IllegalStateException("asked before the beginning");
        }
        Optional<CallProtocol> protocol = engine.services.protocol(state.protocol());
        if (protocol.isEmpty()) {
            return waitForProtocol(turn);
        }
        if (actor.isSummarising()) {
            return false;
        }
        ModelName name = ModelName.parse(turn.model);
        Optional<ModelConnection> connection = engine.services.connection(name.connection(), actor.left());
        if (connection.isEmpty()) {
            return waitOrEnd(
                    turn,
                    "connection " + name.connection(),
                    "No connection " + name.connection()
                            + " is there: set it up or choose another model, then continue.");
        }
        tellChanges(protocol.get(), beginning);
        var messages = new ArrayList<ModelMessage>();
        messages.add(ModelMessage.text(ModelMessage.Role.SYSTEM, beginning.system()));
        messages.addAll(
                pictures.render(protocol.get(), beginning.nonce(), state, Models.info(connection.get(), name.model())));
        var request = new ModelRequest(
                name.model(), messages, protocol.get().tools(engine.actions.installed()), state.sampling());
        ModelInfo info = Models.info(connection.get(), name.model());
        long tokens = Math.round(Tokens.of(messages, request.tools()) * state.tokenFactor());
        Optional<NextStep.Finish> over = overBudget(turn, tokens, info);
        if (over.isPresent()) {
            log.stage(Draft.turnFinished(turn.id, over.get()));
            return true;
        }
        long room = room(info);
        if (tokens > room) {
            Boolean made = makeRoom(turn, connection.get(), info, tokens, room);
            if (made != null) {
                return made;
            }
        }
        var parser = protocol.get()
                .parser(new ParserContext(beginning.nonce(), engine.actions::taskForReading, state::isUsedRef));
        String message = Ids.of("m_");
        log.stage(Draft.messageStarted(turn.id, message, turn.model, turn.steps + 1, tokens));
        var stream = new AnswerStream(actor, log, message, connection.get(), parser, tokens, info);
        actor.answerBegins(stream);
        if (actor.stoodStill()) {
            // The disk may still be full: nothing is asked that may have to be asked again.
            log.flush();
        }
        // The disk and the model work at the same time: what it says waits for the disk.
        stream.begin(request);
        return true;
    }

    private Optional<NextStep.Finish> overBudget(TurnState turn, long tokens, @Nullable ModelInfo info) {
        ChatLimits limits = engine.limits(state);
        return turn.spent
                .over(limits.turn(), "turn", tokens, info)
                .or(() -> state.spent().over(limits.conversation(), "conversation", tokens, info))
                .map(over -> new NextStep.Finish("limit", over.why(), true, over));
    }

    /** How many tokens a request may have, so that there is room for an answer. */
    private long room(@Nullable ModelInfo info) {
        Integer known = info == null ? null : info.contextTokens();
        long window = known == null ? Long.MAX_VALUE : known - Math.min(known / 4, ANSWER_TOKENS);
        return state.contextLimit() > 0 ? Math.min(window, state.contextLimit()) : window;
    }

    /** @return what the step gives back; null if nothing can give way */
    private @Nullable Boolean makeRoom(
            TurnState turn, ModelConnection connection, @Nullable ModelInfo info, long tokens, long room) {
        List<Message> history = state.history();
        List<String> shorten = Context.toShorten(history, tokens - room * 8 / 10);
        if (!shorten.isEmpty()) {
            log.stage(Draft.contextShortened(shorten, tokens, room));
            return true;
        }
        double factor = state.tokenFactor();
        long fixed = Math.round(tokens / factor) - Context.tokens(history);
        Context.Cut cut = Context.cut(history, state.pinned(), Math.max(0, Math.round((room / factor - fixed) / 2)));
        if (cut != null) {
            var summary = new Summary(actor, log, cut, info, (int) Math.min(400_000, room * 2));
            actor.summaryBegins(summary);
            log.flush();
            summary.begin(connection, ModelName.parse(turn.model).model());
            return false;
        }
        if (turn.tooLong > 0) {
            String said = turn.tooLongDetail == null ? "" : " " + turn.tooLongDetail;
            log.stage(Draft.turnFinished(
                    turn.id,
                    new NextStep.Finish(
                            "error",
                            "The conversation is longer than the model takes, and nothing more can be left out." + said
                                    + " Choose a model that takes more, or begin a new conversation.",
                            true)));
            return true;
        }
        return null;
    }

    private void tellChanges(CallProtocol protocol, ConversationState.Beginning beginning) {
        if (!engine.actions.areKnown()) {
            return;
        }
        Actions.Changes changes = engine.actions.changesSince(state.told());
        if (!changes.isEmpty()) {
            String text =
                    protocol.changes(beginning.nonce(), changes.added(), changes.changed(), changes.removedAliases());
            log.stage(Draft.notice(text, changes.told()));
        }
    }

    private boolean decide(CallState call) {
        Optional<InstalledTask> found = engine.actions.task(call.task);
        if (found.isEmpty()) {
            return mayComeBack(call)
                    ? waitOrClose(call)
                    : close(call, CallStatus.INVALID, engine.actions.unknown(call.task));
        }
        InstalledTask task = found.get();
        if (!call.isOf(task)) {
            return closeChanged(call);
        }
        Optional<String> problem = engine.arguments.problem(task, call.arguments);
        if (problem.isPresent()) {
            return close(call, CallStatus.INVALID, problem.get());
        }
        stage(call, engine.judge.judge(call, task, state));
        return true;
    }

    private void stage(CallState call, Judge.Verdict verdict) {
        if (verdict instanceof Judge.Verdict.Ask ask) {
            log.stage(Draft.approvalRequested(call.id, ask));
        } else {
            log.stage(Draft.approvalDecided(call, unasked(verdict), call.byUser ? "user" : "policy"));
        }
    }

    /**
     * What was decided when the call was made need not hold when its turn has come: the calls before it may have brought untrusted
     * content, and the user may have denied it since. Whoever was asked about this very call is not asked again.
     *
     * @return whether it runs; if not, what becomes of it is staged
     */
    private boolean judgeAnew(CallState call, InstalledTask task) {
        if (call.byUser) {
            return true;
        }
        Judge.Verdict verdict = engine.judge.judge(call, task, state);
        boolean stands =
                verdict instanceof Judge.Verdict.Allow || verdict instanceof Judge.Verdict.Ask && !call.byPolicy;
        if (!stands) {
            stage(call, verdict);
        }
        return stands;
    }

    private static Decision unasked(Judge.Verdict verdict) {
        return verdict instanceof Judge.Verdict.Allow allow
                ? new Decision(true, Decision.Scope.ONCE, null, null, null, allow.grant())
                : new Decision(
                        false, Decision.Scope.ONCE, verdict instanceof Judge.Verdict.Deny deny ? deny.why() : null);
    }

    private boolean run(CallState call) {
        Optional<InstalledTask> task = engine.actions.task(call.task);
        if (task.isEmpty()) {
            return mayComeBack(call)
                    ? waitOrClose(call)
                    : close(call, CallStatus.FAILED, call.task + " is not installed any more; it did not run.");
        }
        if (!call.isOf(task.get())) {
            return closeChanged(call);
        }
        if (!judgeAnew(call, task.get())) {
            return true;
        }
        Grants grants;
        try {
            grants = engine.granting.of(call, task.get().action(), state);
        } catch (Granting.Missing e) {
            return close(call, CallStatus.FAILED, String.valueOf(e.getMessage()));
        }
        log.stage(Draft.callStarted(call.id));
        if (task.get().task().background() && !call.byUser) {
            log.stage(Draft.callBackground(call.id));
        }
        log.makeDurable();
        var run = new CallRun(actor, log, call, new CallRun.Start(task.get(), grants));
        actor.run(run, call.id);
        try {
            run.attempt();
        } finally {
            // The listeners hear of it while the program starts.
            log.announce();
        }
        return true;
    }

    private boolean mayComeBack(CallState call) {
        return !engine.actions.areKnown() || engine.actions.mayComeBack(call.task, state.told());
    }

    private boolean waitOrClose(CallState call) {
        if (hasWaitedFor("task " + call.task)) {
            return close(call, CallStatus.FAILED, call.task + " is not available now; it did not run.");
        }
        // Nobody tells when a source has found its actions again.
        actor.later(LOOK_AGAIN, actor::drive);
        return false;
    }

    private boolean closeChanged(CallState call) {
        return close(
                call,
                CallStatus.FAILED,
                call.task + " was replaced by another version meanwhile, so this call did not run. Make it again.");
    }

    private boolean close(CallState call, CallStatus status, String why) {
        log.stage(Draft.callFinished(call.id, status, why));
        return true;
    }

    private boolean sendResults() {
        log.stage(Draft.results(results(state.calls().values())));
        return true;
    }

    private boolean requestUserCalls(Expansion expansion) {
        for (int i = expansion.calls.size(); i < expansion.wanted.size(); i++) {
            UserCalls.UserCall call = expansion.wanted.get(i);
            log.stage(Draft.userCall(
                    expansion.message,
                    i,
                    call,
                    engine.actions.taskForReading(call.task()).orElse(null)));
        }
        return true;
    }

    private boolean expand(Expansion expansion) {
        int bound = Math.max(4096, engine.limits.resultCharacters() / Math.max(1, expansion.calls.size()));
        log.stage(Draft.messageExpanded(
                expansion.message,
                expansion.expanded(bound),
                expansion.calls.stream().map(call -> call.id).toList()));
        return true;
    }

    private boolean sendLate() {
        log.stage(Draft.lateResults(results(state.background().values().stream()
                .filter(CallState::isFinished)
                .toList())));
        return true;
    }

    private List<CallResult> results(Collection<CallState> calls) {
        int bound = Math.max(1024, engine.limits.resultCharacters() / Math.max(1, Math.min(calls.size(), 4)));
        return calls.stream().map(call -> call.result(bound)).toList();
    }
}
