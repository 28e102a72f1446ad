package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.call.CallStatus;
import org.rungpt.api.chat.Budgets;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.chat.GrantSet;
import org.rungpt.api.chat.Message;
import org.rungpt.api.chat.Policy;
import org.rungpt.api.model.Sampling;

/**
 * A conversation as its log tells it: nothing but a fold over the events, the same in the engine that wrote them and in one that
 * reads them after a crash. One thread at a time.
 */
final class ConversationState {
    /** What was frozen when the conversation began. */
    record Beginning(String nonce, String protocol, String system) {}

    /**
     * How the latest turn ended.
     *
     * @param scope whose limit was hit: of the turn or the conversation; null if none was, or nobody wrote it down
     * @param budget which budget it was; null if it was another limit
     */
    record EndedTurn(
            String reason,
            boolean canContinue,
            @Nullable String scope,
            @Nullable String budget) {}

    private final HistoryState history = new HistoryState();
    private final ConsentState consent = new ConsentState();
    private final TokenCount tokens = new TokenCount();
    private final List<Message.User> pending = new ArrayList<>();
    private final List<Expansion> pendingCalls = new ArrayList<>();
    private final Set<String> messages = new HashSet<>();
    private final Set<String> callIds = new HashSet<>();
    private final Set<String> usedRefs = new HashSet<>();
    private final Map<String, CallState> calls = new LinkedHashMap<>();
    /** Calls that the model is not kept waiting for, until their real results were sent. */
    private final Map<String, CallState> background = new LinkedHashMap<>();

    private List<ToldAction> told = List.of();
    private Spent spent = new Spent();
    private Budgets budgets = Budgets.NONE;
    private @Nullable Beginning beginning;
    private @Nullable TurnState turn;
    private @Nullable AnswerState answer;
    private @Nullable EndedTurn ended;
    private String model;
    private String protocol;
    /** How the model chooses its words in the latest turn that the user began, and in those that follow it by themselves. */
    private Sampling sampling = Sampling.NONE;

    private Sampling pendingSampling = Sampling.NONE;
    private boolean titled;
    /** Turns in a row that a late result began. */
    private int automatic;

    ConversationState(String model, String protocol) {
        this.model = model;
        this.protocol = protocol;
    }

    void apply(String type, ObjectNode data) {
        switch (type) {
            case EventType.CONVERSATION_STARTED -> {
                protocol = data.path("protocol").asText(protocol);
                beginning = new Beginning(
                        data.path("nonce").asText(),
                        protocol,
                        data.path("system").asText());
                told = ToldAction.read(data.path("actions"));
            }
            case EventType.CONVERSATION_CHANGED -> {
                model = data.path("model").asText(model);
                protocol = data.path("protocol").asText(protocol);
            }
            case EventType.CONVERSATION_TITLED -> titled = true;
            case EventType.GRANT_CHANGED -> consent.grant(data);
            case EventType.POLICY_CHANGED -> consent.decide(data);
            case EventType.BUDGET_CHANGED -> budgets = BudgetsJson.read(data);
            case EventType.MESSAGE_USER -> {
                String id = data.path("message").asText();
                messages.add(id);
                automatic = 0;
                pending.add(new Message.User(id, data.path("text").asText()));
                boolean imported = data.path("imported").asBoolean();
                pendingCalls.add(new Expansion(
                        id,
                        data.path("text").asText(),
                        data.path("run").asBoolean() && !imported,
                        imported ? List.of() : UserCalls.UserCall.read(data.path("calls")),
                        imported ? List.of() : offsets(data.path("escapes"))));
                pendingSampling = SamplingJson.read(data.path("sampling"));
                history.attach(data);
            }
            case EventType.MESSAGE_IMPORTED -> history.addImported(data);
            case EventType.MESSAGE_NOTICE -> {
                history.add(new Message.Notice(
                        data.path("message").asText(), data.path("text").asText()));
                data.path("elsewhere").forEach(call -> background.remove(call.asText()));
                if (data.has("actions")) {
                    told = ToldAction.read(data.path("actions"));
                }
            }
            case EventType.TURN_STARTED -> {
                turn = new TurnState(data.path("turn").asText(), model);
                automatic = data.path("cause").asText().equals("output") ? automatic + 1 : 0;
                if (data.path("cause").asText().equals("continue") && ended != null) {
                    grantAgain(ended);
                }
                if (!pending.isEmpty()) {
                    sampling = pendingSampling;
                }
                history.addAll(pending);
                pending.clear();
                turn.runOnly = !pendingCalls.isEmpty() && pendingCalls.stream().allMatch(one -> one.run);
                pendingCalls.stream().filter(Expansion::isNeeded).forEach(turn.expansions::add);
                pendingCalls.clear();
            }
            case EventType.TURN_STOPPING -> {
                if (turn != null) {
                    turn.stopping = true;
                }
            }
            case EventType.TURN_FINISHED -> {
                turn = null;
                ended = new EndedTurn(
                        data.path("reason").asText(),
                        data.path("canContinue").asBoolean(),
                        Json.text(data, "scope"),
                        Json.text(data, "budget"));
            }
            case EventType.MESSAGE_EXPANDED -> expand(data);
            case EventType.CONTEXT_SHORTENED -> history.shorten(PermissionsJson.strings(data.path("calls")));
            case EventType.CONTEXT_SUMMARISED -> summarise(data);
            case EventType.MESSAGE_STARTED,
                    EventType.MESSAGE_TEXT,
                    EventType.MESSAGE_FINISHED,
                    EventType.MESSAGE_RESULTS -> applyToAnswer(type, data);
            default -> applyToCall(type, data);
        }
    }

    /** Who continues after a budget of the conversation grants as much again of that; the turn's begin anew with each turn. */
    private void grantAgain(EndedTurn limited) {
        String budget = limited.budget();
        if ("conversation".equals(limited.scope()) && budget != null) {
            spent.forget(budget);
        } else if (limited.reason().equals("limit") && limited.scope() == null) {
            // Before it was written down which, all was granted.
            spent = new Spent();
        }
    }

    private static List<Integer> offsets(JsonNode array) {
        var offsets = new ArrayList<Integer>();
        array.forEach(offset -> offsets.add(offset.asInt()));
        return List.copyOf(offsets);
    }

    private void applyToAnswer(String type, ObjectNode data) {
        TurnState open = turn;
        if (open == null) {
            return;
        }
        switch (type) {
            case EventType.MESSAGE_STARTED -> {
                answer = new AnswerState(data.path("message").asText());
                open.model = data.path("model").asText(open.model);
                tokens.asked(open.model, data.path("tokens").asLong());
                open.steps++;
            }
            case EventType.MESSAGE_TEXT -> {
                if (answer != null) {
                    answer.text(
                            data.path("channel").asText("answer"),
                            data.path("text").asText());
                }
            }
            case EventType.MESSAGE_FINISHED -> finishAnswer(open, data);
            case EventType.MESSAGE_RESULTS -> {
                List<CallResult> results = results(data);
                List<CallState> over = results.stream()
                        .map(result -> call(result.call()))
                        .filter(call -> call != null && call.isFinished())
                        .toList();
                history.addResults(new Message.Results(data.path("message").asText(), results), over);
                if (data.path("late").asBoolean()) {
                    results.forEach(result -> background.remove(result.call()));
                } else {
                    boolean allWrong = results.stream().allMatch(result -> result.status() == CallStatus.INVALID);
                    open.malformed = allWrong ? open.malformed + 1 : 0;
                    calls.values().stream()
                            .filter(call -> !call.isFinished())
                            .forEach(call -> background.put(call.id, call));
                    calls.clear();
                }
            }
            default -> throw new IllegalStateException(type);
        }
    }

    private void finishAnswer(TurnState open, ObjectNode data) {
        AnswerState done = answer;
        answer = null;
        if (done == null) {
            return;
        }
        String reason = data.path("reason").asText();
        open.spent.answer(data);
        spent.answer(data);
        tokens.answered(data.path("usage"));
        if (data.has("tooLong")) {
            open.tooLong++;
            open.tooLongDetail = Json.text(data, "detail");
            tokens.tooLong(data.path("tooLong").asLong());
        }
        if (reason.equals("superseded")) {
            open.superseded++;
            open.steps--;
            return;
        }
        open.superseded = 0;
        Message.Assistant message = done.message();
        if (!message.parts().isEmpty()) {
            history.add(message);
        }
        String detail = data.has("error") ? Json.text(data.path("error"), "message") : Json.text(data, "detail");
        open.last = new TurnState.LastAnswer(reason, detail, done.calls, done.mostRepeats);
    }

    private void expand(ObjectNode data) {
        String id = data.path("message").asText();
        history.expand(id, data.path("text").asText());
        for (String call : PermissionsJson.strings(data.path("calls"))) {
            calls.remove(call);
        }
        if (turn != null) {
            turn.expansions.removeIf(one -> one.message.equals(id));
        }
    }

    private void summarise(ObjectNode data) {
        history.summarise(data);
        if (turn != null) {
            turn.spent.answer(data);
        }
        spent.answer(data);
    }

    private void applyToCall(String type, ObjectNode data) {
        String id = data.path("call").asText();
        if (type.equals(EventType.CALL_REQUESTED)) {
            requestCall(id, data);
            return;
        }
        CallState call = call(id);
        if (call == null || call.isFinished()) {
            if (call != null && call.imported) {
                applyToImported(call, type, data);
            }
            return;
        }
        switch (type) {
            case EventType.APPROVAL_REQUESTED -> call.asked(data);
            case EventType.APPROVAL_DECIDED -> {
                call.decided(data);
                if (call.phase == CallState.Phase.ALLOWED
                        && !data.path("scope").asText("once").equals("once")) {
                    consent.approve(call);
                }
            }
            case EventType.CALL_STARTED -> call.phase = CallState.Phase.STARTED;
            case EventType.CALL_BACKGROUND -> {
                call.background = true;
                consent.taint(call);
            }
            case EventType.CALL_OUTPUT -> call.output(data);
            case EventType.CALL_CONNECTION -> {
                call.connected |= data.path("allowed").asBoolean();
                consent.taint(call);
            }
            case EventType.CALL_ARTIFACT -> call.left(data);
            case EventType.CALL_FINISHED -> {
                if (call.phase == CallState.Phase.STARTED) {
                    consent.taint(call);
                    spent.call(data);
                    if (turn != null) {
                        turn.spent.call(data);
                    }
                }
                call.finished(data);
                if (call.status == CallStatus.INVALID) {
                    // It never was a call: the model may use its ref for the corrected one.
                    usedRefs.remove(call.ref);
                }
            }
            default -> {
                // Types of a later version are no business of ours.
            }
        }
    }

    /** What came of it elsewhere; it stays what it is here: over. */
    private void applyToImported(CallState call, String type, ObjectNode data) {
        switch (type) {
            case EventType.CALL_OUTPUT -> call.output(data);
            case EventType.CALL_CONNECTION ->
                call.connected |= data.path("allowed").asBoolean();
            case EventType.CALL_ARTIFACT -> call.left(data);
            case EventType.CALL_FINISHED -> {
                call.finished(data);
                consent.taint(call);
            }
            default -> {
                // Nobody decides on it, and it never runs.
            }
        }
    }

    private void requestCall(String id, ObjectNode data) {
        TurnState open = turn;
        if (open != null && "user".equals(Json.text(data, "by"))) {
            requestUserCall(open, id, data);
            return;
        }
        AnswerState current = answer;
        if (open == null || current == null || !callIds.add(id)) {
            return;
        }
        String same = data.path("task").asText()
                + (data.has("problem") ? data.path("raw") : data.path("arguments")).toString();
        var call = new CallState(data, open.count(same), open.calls);
        calls.put(id, call);
        current.call(call);
        if (call.problem == null) {
            usedRefs.add(call.ref);
        }
    }

    private void requestUserCall(TurnState open, String id, ObjectNode data) {
        String message = data.path("message").asText();
        for (Expansion one : open.expansions) {
            if (one.message.equals(message) && callIds.add(id)) {
                var call = new CallState(data, 0, 0);
                calls.put(id, call);
                one.calls.add(call);
            }
        }
    }

    private static List<CallResult> results(ObjectNode data) {
        var results = new ArrayList<CallResult>();
        for (JsonNode one : data.path("results")) {
            results.add(new CallResult(
                    one.path("call").asText(),
                    one.path("ref").asText(),
                    one.path("task").asText(),
                    CallStatus.ofWire(one.path("status").asText()),
                    one.hasNonNull("exit") ? one.get("exit").asInt() : null,
                    one.path("text").asText(),
                    one.path("bytes").asLong(),
                    Json.text(one, "note")));
        }
        return results;
    }

    /** What the conversation is doing, for the list of conversations. */
    Conversation.State doing() {
        if (turn == null) {
            return pending.isEmpty() && background.isEmpty() ? Conversation.State.IDLE : Conversation.State.RUNNING;
        }
        boolean waits = answer == null
                && !turn.stopping
                && calls.values().stream()
                        .filter(call -> !call.isFinished())
                        .findFirst()
                        .filter(call -> call.phase == CallState.Phase.WAITING)
                        .isPresent();
        return waits ? Conversation.State.WAITING : Conversation.State.RUNNING;
    }

    /** The neutral history that the next request carries. */
    List<Message> history() {
        return history.messages();
    }

    /** Messages that stay whatever else gives way. */
    Set<String> pinned() {
        return history.pinned();
    }

    /** The pictures that calls left, by the id of the message that has their results; the oldest first. */
    Map<String, List<CallState.LeftFile>> pictures() {
        return history.pictures();
    }

    /** What the user said during this turn: it waits for the next. */
    List<Message.User> pending() {
        return List.copyOf(pending);
    }

    boolean knowsMessage(String id) {
        return messages.contains(id);
    }

    boolean knowsCall(String id) {
        return callIds.contains(id);
    }

    boolean isUsedRef(String ref) {
        return usedRefs.contains(ref);
    }

    /** The untrusted content that was named when this was approved beyond once; null if it was not. */
    @Nullable
    Set<String> approved(String key) {
        return consent.approved(key);
    }

    /** Where content that is not the user's or ours came from. */
    Set<String> untrusted() {
        return consent.untrusted();
    }

    /** What was spent in all, or since the user continued after a limit. */
    Spent spent() {
        return spent;
    }

    /** What the user said that this conversation may spend. */
    Budgets budgets() {
        return budgets;
    }

    double tokenFactor() {
        return tokens.factor();
    }

    long contextLimit() {
        return tokens.limit();
    }

    Sampling sampling() {
        return sampling;
    }

    GrantSet granted() {
        return consent.granted();
    }

    /** Mode and rules of this conversation, with what was approved in it. */
    Policy policy() {
        return consent.policy();
    }

    /** The calls whose results were not sent yet, in the order in which they were made. */
    Map<String, CallState> calls() {
        return calls;
    }

    /** Calls that still run though the model was given an interim result, and those whose real results it was not given yet. */
    Map<String, CallState> background() {
        return background;
    }

    /** Whether a call of the background has ended. */
    boolean hasLate() {
        return background.values().stream().anyMatch(CallState::isFinished);
    }

    /** Turns in a row that a late result began. */
    int automatic() {
        return automatic;
    }

    /** A call whose result, or real result, was not sent yet. */
    @Nullable
    CallState call(String id) {
        CallState call = calls.get(id);
        return call == null ? background.get(id) : call;
    }

    List<ToldAction> told() {
        return told;
    }

    /** Whether what the model is told first has yet to be written, or is of another protocol. */
    boolean mustBegin() {
        return beginning == null || !beginning.protocol().equals(protocol);
    }

    @Nullable
    Beginning beginning() {
        return beginning;
    }

    @Nullable
    TurnState turn() {
        return turn;
    }

    @Nullable
    AnswerState answer() {
        return answer;
    }

    @Nullable
    EndedTurn ended() {
        return ended;
    }

    String model() {
        return model;
    }

    String protocol() {
        return protocol;
    }

    boolean isTitled() {
        return titled;
    }

    boolean isNew() {
        return messages.isEmpty();
    }
}
