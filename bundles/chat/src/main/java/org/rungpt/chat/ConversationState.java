package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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

    private final List<Message> history = new ArrayList<>();
    private final List<Message.User> pending = new ArrayList<>();
    private final List<Expansion> pendingCalls = new ArrayList<>();
    private final Set<String> messages = new HashSet<>();
    private final Set<String> callIds = new HashSet<>();
    private final Set<String> usedRefs = new HashSet<>();
    /** What was approved beyond once, with the untrusted content that was there by then. */
    private final Map<String, Set<String>> approved = new LinkedHashMap<>();

    private final Set<String> untrusted = new LinkedHashSet<>();
    private final Map<String, CallState> calls = new LinkedHashMap<>();
    private final Map<String, List<CallState.LeftFile>> pictures = new LinkedHashMap<>();
    /** Calls that the model is not kept waiting for, until their real results were sent. */
    private final Map<String, CallState> background = new LinkedHashMap<>();

    /** System messages that came with the conversation: they are never left out. */
    private final Set<String> pinned = new HashSet<>();

    private List<ToldAction> told = List.of();
    private GrantSet granted = GrantSet.NONE;
    private Spent spent = new Spent();
    /** What the server counted for a token of our estimate, for the model of the latest answer. */
    private double tokenFactor = 1;

    private String countedModel = "";
    private long askedTokens;
    /** What the model was seen not to take, in tokens of our estimate; 0 if nothing was. */
    private long contextLimit;

    private Policy policy = Policy.NONE;
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
            case EventType.GRANT_CHANGED -> granted = PermissionsJson.grants(data.path("grants"));
            case EventType.POLICY_CHANGED -> {
                policy = PermissionsJson.policy(data);
                approved.keySet().retainAll(policy.approvals());
            }
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
                attached(data);
            }
            case EventType.MESSAGE_IMPORTED -> {
                history.add(imported(data));
                if (data.path("role").asText().equals("system")) {
                    pinned.add(data.path("message").asText());
                }
                attached(data);
            }
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
            case EventType.CONTEXT_SHORTENED -> shorten(PermissionsJson.strings(data.path("calls")));
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

    private void attached(ObjectNode data) {
        List<CallState.LeftFile> attached = Attachments.read(data.path("attachments"));
        if (!attached.isEmpty()) {
            pictures.put(data.path("message").asText(), attached);
        }
    }

    private static List<Integer> offsets(JsonNode array) {
        var offsets = new ArrayList<Integer>();
        array.forEach(offset -> offsets.add(offset.asInt()));
        return List.copyOf(offsets);
    }

    private static Message imported(ObjectNode data) {
        String id = data.path("message").asText();
        String text = data.path("text").asText();
        return switch (data.path("role").asText()) {
            case "assistant" -> new Message.Assistant(id, List.of(new Message.Part.Text(text)));
            case "system" -> new Message.Notice(id, text);
            default -> new Message.User(id, text);
        };
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
                askedTokens = data.path("tokens").asLong();
                if (!countedModel.equals(open.model)) {
                    countedModel = open.model;
                    tokenFactor = 1;
                    contextLimit = 0;
                }
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
                String message = data.path("message").asText();
                history.add(new Message.Results(message, results));
                List<CallState.LeftFile> left = results.stream()
                        .map(result -> call(result.call()))
                        .filter(call -> call != null && call.isFinished())
                        .flatMap(call -> call.files().stream())
                        .filter(file -> Pictures.isPicture(file.mediaType()))
                        .toList();
                if (!left.isEmpty()) {
                    pictures.put(message, left);
                }
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

    /** What a call left may be told to the model by any other call from here on, whatever it said itself. */
    private void taint(CallState call) {
        String source = call.untrusted();
        if (source != null) {
            untrusted.add(source);
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
        count(data.path("usage"));
        if (data.has("tooLong")) {
            open.tooLong++;
            open.tooLongDetail = Json.text(data, "detail");
            contextLimit = data.path("tooLong").asLong() * 7 / 10;
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

    /** The server's count corrects our estimate. */
    private void count(JsonNode usage) {
        long input = usage.path("input").asLong();
        if (askedTokens > 0 && input > 0 && !usage.path("estimated").asBoolean()) {
            double seen = Math.max(0.5, Math.min(3, input / (askedTokens / tokenFactor)));
            tokenFactor = seen;
        }
    }

    private void expand(ObjectNode data) {
        String id = data.path("message").asText();
        var told = new Message.User(id, data.path("text").asText());
        history.replaceAll(
                message -> message instanceof Message.User user && user.id().equals(id) ? told : message);
        for (String call : PermissionsJson.strings(data.path("calls"))) {
            calls.remove(call);
        }
        if (turn != null) {
            turn.expansions.removeIf(one -> one.message.equals(id));
        }
    }

    private void shorten(List<String> shortened) {
        history.replaceAll(message -> message instanceof Message.Results results
                ? new Message.Results(
                        results.id(),
                        results.results().stream()
                                .map(one -> shortened.contains(one.call()) ? Context.shortened(one) : one)
                                .toList())
                : message);
    }

    private void summarise(ObjectNode data) {
        String through = data.path("through").asText();
        List<String> kept = PermissionsJson.strings(data.path("kept"));
        for (int i = 0; i < history.size(); i++) {
            if (Summary.id(history.get(i)).equals(through)) {
                List<Message> first = history.subList(0, i + 1);
                first.removeIf(message -> !kept.contains(Summary.id(message)));
                // Before what the user said last, which is the only one of the user's that stays.
                int at = (int) first.stream()
                        .takeWhile(message -> !(message instanceof Message.User))
                        .count();
                history.add(
                        at,
                        new Message.Notice(
                                data.path("message").asText(), data.path("text").asText()));
                break;
            }
        }
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
            case EventType.APPROVAL_REQUESTED -> {
                call.phase = CallState.Phase.WAITING;
                call.approval = Json.text(data, "approval");
                call.scopes = PermissionsJson.strings(data.path("scopes"));
            }
            case EventType.APPROVAL_DECIDED -> {
                call.decided(data);
                if (call.phase == CallState.Phase.ALLOWED
                        && !data.path("scope").asText("once").equals("once")) {
                    approved.put(Judge.key(call), Set.copyOf(untrusted));
                }
            }
            case EventType.CALL_STARTED -> call.phase = CallState.Phase.STARTED;
            case EventType.CALL_BACKGROUND -> {
                call.background = true;
                taint(call);
            }
            case EventType.CALL_OUTPUT -> call.output(data);
            case EventType.CALL_CONNECTION -> {
                call.connected |= data.path("allowed").asBoolean();
                taint(call);
            }
            case EventType.CALL_ARTIFACT -> call.left(data);
            case EventType.CALL_FINISHED -> {
                if (call.phase == CallState.Phase.STARTED) {
                    taint(call);
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
                taint(call);
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
        return List.copyOf(history);
    }

    /** Messages that stay whatever else gives way. */
    Set<String> pinned() {
        return pinned;
    }

    /** The pictures that calls left, by the id of the message that has their results; the oldest first. */
    Map<String, List<CallState.LeftFile>> pictures() {
        return pictures;
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

    /** The untrusted content that was there when this was approved beyond once; null if it was not. */
    @Nullable
    Set<String> approved(String key) {
        return approved.get(key);
    }

    /** Where content that is not the user's or ours came from. */
    Set<String> untrusted() {
        return untrusted;
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
        return tokenFactor;
    }

    long contextLimit() {
        return contextLimit;
    }

    Sampling sampling() {
        return sampling;
    }

    GrantSet granted() {
        return granted;
    }

    /** Mode and rules of this conversation, with what was approved in it. */
    Policy policy() {
        return new Policy(policy.mode(), policy.rules(), List.copyOf(approved.keySet()));
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
