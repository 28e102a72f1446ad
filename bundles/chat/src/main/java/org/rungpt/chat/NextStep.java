package org.rungpt.chat;

import org.jspecify.annotations.Nullable;
import org.rungpt.api.call.CallStatus;
import org.rungpt.api.chat.EventType;

/**
 * What a conversation needs next. A pure function of its state: after a crash, a swap, an approval that came late, the next step is
 * the same as if nothing had happened.
 */
sealed interface NextStep {
    /** Nothing, until something arrives: text, output, a decision, a message. */
    record Wait() implements NextStep {}

    /** A turn begins with what the user said, or with late output; the cause is that of {@link EventType#TURN_STARTED}. */
    record StartTurn(String cause) implements NextStep {}

    /** What the model is told first is frozen. */
    record Begin() implements NextStep {}

    /** The model is asked. */
    record Ask() implements NextStep {}

    /** A call is checked against schema and policy. */
    record Decide(CallState call) implements NextStep {}

    /** A call that will not run any more gets its end. */
    record Close(CallState call, CallStatus status, String why) implements NextStep {}

    /** A call runs. */
    record Run(CallState call) implements NextStep {}

    /** Real results of calls for which there was an interim one go into the history. */
    record SendLate() implements NextStep {}

    /** The calls in a user's message are written down. */
    record RequestUserCalls(Expansion expansion) implements NextStep {}

    /** The outputs of the calls in a user's message take their places. */
    record Expand(Expansion expansion) implements NextStep {}

    /** The results go into the history. */
    record SendResults() implements NextStep {}

    /**
     * The turn ends; the fields are those of {@link EventType#TURN_FINISHED}.
     *
     * @param over the budget that was hit; null if it was another limit, or none
     */
    record Finish(String reason, @Nullable String detail, boolean canContinue, Spent.@Nullable Over over)
            implements NextStep {
        Finish(String reason, @Nullable String detail, boolean canContinue) {
            this(reason, detail, canContinue, null);
        }
    }

    static NextStep of(ConversationState state, ChatLimits limits) {
        TurnState turn = state.turn();
        if (turn == null) {
            return !state.pending().isEmpty()
                    ? new StartTurn("user")
                    : state.hasLate() ? new StartTurn("output") : new Wait();
        }
        for (Expansion one : turn.expansions) {
            if (one.calls.size() < one.wanted.size() && !turn.stopping) {
                return new RequestUserCalls(one);
            }
        }
        boolean streaming = state.answer() != null;
        NextStep forCalls = forCalls(state, turn, limits, streaming);
        if (forCalls != null) {
            return forCalls;
        }
        if (streaming) {
            return new Wait();
        }
        for (Expansion one : turn.expansions) {
            if (one.calls.size() == one.wanted.size()) {
                return new Expand(one);
            }
        }
        if (!state.calls().isEmpty()) {
            return new SendResults();
        }
        if (turn.stopping) {
            return new Finish("stopped", null, true);
        }
        if (turn.runOnly) {
            return new Finish("done", null, false);
        }
        if (state.mustBegin()) {
            return new Begin();
        }
        NextStep next = turn.last == null ? new Ask() : afterAnswer(turn, turn.last, limits);
        if (!(next instanceof Ask)) {
            return next;
        }
        if (state.hasLate()) {
            return new SendLate();
        }
        return state.automatic() > limits.automaticTurns()
                ? new Finish(
                        "limit",
                        "Late results began " + limits.automaticTurns() + " turns in a row without a word of yours.",
                        true)
                : next;
    }

    /** Calls are decided at once and run one after the other, in the order in which the model made them. */
    private static @Nullable NextStep forCalls(
            ConversationState state, TurnState turn, ChatLimits limits, boolean streaming) {
        String discard = discard(turn, streaming);
        for (CallState call : state.calls().values()) {
            boolean unstarted = call.phase == CallState.Phase.REQUESTED
                    || call.phase == CallState.Phase.WAITING
                    || call.phase == CallState.Phase.ALLOWED;
            if (unstarted && discard != null) {
                return new Close(call, CallStatus.CANCELLED, discard);
            }
            if (call.phase == CallState.Phase.REFUSED) {
                String why = call.refusal == null ? "The user denied this call." : call.refusal;
                return new Close(call, CallStatus.DENIED, why);
            }
            if (call.phase == CallState.Phase.REQUESTED) {
                return decide(call, limits);
            }
        }
        for (CallState call : state.calls().values()) {
            if (call.phase == CallState.Phase.ALLOWED && (!streaming || call.harmless)) {
                return new Run(call);
            }
            if (!call.isFinished() && !call.background) {
                return new Wait();
            }
        }
        return null;
    }

    private static NextStep decide(CallState call, ChatLimits limits) {
        if (call.problem != null) {
            return new Close(call, CallStatus.INVALID, call.problem);
        }
        if (call.repeats >= limits.repeats()) {
            return new Close(
                    call,
                    CallStatus.CANCELLED,
                    "This same call was made " + call.repeats + " times running; it did not run again.");
        }
        if (call.number > limits.calls()) {
            return new Close(
                    call, CallStatus.CANCELLED, "A turn may make " + limits.calls() + " calls; this one did not run.");
        }
        return new Decide(call);
    }

    /** Why calls that have not begun shall not begin any more; null if they may. */
    private static @Nullable String discard(TurnState turn, boolean streaming) {
        if (turn.stopping) {
            return "The turn was stopped.";
        }
        if (streaming || turn.last == null) {
            return null;
        }
        return switch (turn.last.reason()) {
            case "stopped" -> "The turn was stopped.";
            case "error", "interrupted" -> "The answer broke off, so this call did not run.";
            default -> null;
        };
    }

    private static NextStep afterAnswer(TurnState turn, TurnState.LastAnswer last, ChatLimits limits) {
        return switch (last.reason()) {
            case "error", "interrupted" -> new Finish(last.reason(), last.detail(), true);
            case "stopped" -> new Finish("stopped", null, true);
            default -> last.calls() == 0 ? afterWords(last) : afterCalls(turn, last, limits);
        };
    }

    private static NextStep afterWords(TurnState.LastAnswer last) {
        return switch (last.reason()) {
            case "length" -> {
                String detail = last.detail();
                yield new Finish(
                        "limit", detail == null ? "The answer reached the model's length limit." : detail, true);
            }
            case "cut" -> new Finish("limit", last.detail(), true);
            case "content_filter" -> new Finish("limit", "The server's content filter ended the answer.", true);
            default -> new Finish("done", null, false);
        };
    }

    private static NextStep afterCalls(TurnState turn, TurnState.LastAnswer last, ChatLimits limits) {
        if (last.repeats() >= limits.repeats()) {
            return new Finish("repeated", "The model made the same call " + last.repeats() + " times running.", true);
        }
        if (turn.malformed > limits.malformed()) {
            return new Finish("limit", "The model wrote wrong calls " + turn.malformed + " times in a row.", true);
        }
        if (turn.calls > limits.calls()) {
            return new Finish("limit", "The turn made " + limits.calls() + " calls.", true);
        }
        if (turn.steps >= limits.steps()) {
            return new Finish("limit", "The model was asked " + turn.steps + " times in this turn.", true);
        }
        return new Ask();
    }
}
