package org.rungpt.chat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Task;
import org.rungpt.api.artifact.Artifact;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.call.CallStatus;
import org.rungpt.api.call.ParsedCall;
import org.rungpt.api.chat.Budgets;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.chat.GrantSet;
import org.rungpt.api.chat.Opening;
import org.rungpt.api.chat.Policy;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.Sampling;
import org.rungpt.api.model.Usage;
import org.rungpt.api.protocol.Segment;
import org.rungpt.api.runner.CallConnection;
import org.rungpt.api.runner.CallOutcome;

/** An event before it is appended: the one place where events are written; {@link ConversationState} is the one that reads them. */
record Draft(String type, ObjectNode data) {
    private static Draft of(String type) {
        return new Draft(type, Json.object());
    }

    private Draft with(String field, @Nullable String value) {
        if (value != null) {
            data.put(field, value);
        }
        return this;
    }

    private Draft with(String field, long value) {
        data.put(field, value);
        return this;
    }

    private Draft with(String field, boolean value) {
        data.put(field, value);
        return this;
    }

    /** The same as something that happened elsewhere: nothing of it is ever done here. */
    Draft asImported() {
        return type.equals(EventType.CALL_REQUESTED) || type.equals(EventType.MESSAGE_USER)
                ? with("imported", true)
                : this;
    }

    static Draft conversationStarted(String nonce, String protocol, String system, List<ToldAction> actions) {
        Draft draft = of(EventType.CONVERSATION_STARTED)
                .with("nonce", nonce)
                .with("protocol", protocol)
                .with("system", system);
        ToldAction.write(actions, draft.data.putArray("actions"));
        return draft;
    }

    static Draft conversationChanged(@Nullable String model, @Nullable String protocol) {
        return of(EventType.CONVERSATION_CHANGED).with("model", model).with("protocol", protocol);
    }

    static Draft conversationTitled(String title, boolean automatic) {
        return of(EventType.CONVERSATION_TITLED).with("title", title).with("automatic", automatic);
    }

    static Draft userMessage(String message, String text) {
        return userMessage(message, text, List.of());
    }

    static Draft userMessage(String message, String text, List<CallState.LeftFile> pictures) {
        return of(EventType.MESSAGE_USER)
                .with("message", message)
                .with("text", text)
                .attached(pictures);
    }

    static Draft imported(Opening.Role role, String text, List<CallState.LeftFile> pictures) {
        return of(EventType.MESSAGE_IMPORTED)
                .with("message", Ids.of("m_"))
                .with("role", role.name().toLowerCase(Locale.ROOT))
                .with("text", text)
                .attached(pictures);
    }

    private Draft attached(List<CallState.LeftFile> pictures) {
        if (!pictures.isEmpty()) {
            ArrayNode attachments = data.putArray("attachments");
            pictures.forEach(picture -> attachments
                    .addObject()
                    .put("artifact", picture.artifact())
                    .put("name", picture.name())
                    .put("mediaType", picture.mediaType())
                    .put("size", picture.size()));
        }
        return this;
    }

    static Draft userMessage(
            String message, String text, UserCalls.Parsed parsed, boolean run, List<CallState.LeftFile> pictures) {
        Draft draft = userMessage(message, text, pictures);
        if (!parsed.escapes().isEmpty()) {
            parsed.escapes().forEach(draft.data.putArray("escapes")::add);
        }
        if (!parsed.calls().isEmpty()) {
            ArrayNode array = draft.data.putArray("calls");
            for (UserCalls.UserCall call : parsed.calls()) {
                ObjectNode node = array.addObject().put("task", call.task());
                node.set("arguments", Json.object(call.arguments()));
                node.put("start", call.start()).put("end", call.end());
            }
            if (run) {
                draft.with("run", true);
            }
        }
        return draft;
    }

    /** How the model chooses its words, of {@link EventType#MESSAGE_USER}. */
    Draft with(Sampling sampling) {
        if (!sampling.equals(Sampling.NONE)) {
            data.set("sampling", SamplingJson.write(sampling));
        }
        return this;
    }

    static Draft messageExpanded(String message, String text, List<String> calls) {
        Draft draft = of(EventType.MESSAGE_EXPANDED).with("message", message).with("text", text);
        PermissionsJson.strings(draft.data.putArray("calls"), calls);
        return draft;
    }

    /** A call that the user wrote, the one with this index in the message. */
    static Draft userCall(String message, int index, UserCalls.UserCall call, @Nullable InstalledTask task) {
        var parsed = new ParsedCall("", call.task(), call.arguments(), "");
        return callRequested(message, parsed, call.start(), task)
                .with("by", "user")
                .with("index", index);
    }

    static Draft notice(String text, @Nullable List<ToldAction> actions) {
        Draft draft = of(EventType.MESSAGE_NOTICE).with("message", Ids.of("m_")).with("text", text);
        if (actions != null) {
            ToldAction.write(actions, draft.data.putArray("actions"));
        }
        return draft;
    }

    /** @param elsewhere ids of calls that belong to the origin from here on */
    static Draft branched(String text, Set<String> elsewhere) {
        Draft draft = notice(text, null);
        if (!elsewhere.isEmpty()) {
            elsewhere.forEach(draft.data.putArray("elsewhere")::add);
        }
        return draft;
    }

    static Draft turnStarted(String cause) {
        return of(EventType.TURN_STARTED).with("turn", Ids.of("t_")).with("cause", cause);
    }

    static Draft turnStopping(String turn) {
        return of(EventType.TURN_STOPPING).with("turn", turn);
    }

    static Draft turnFinished(String turn, NextStep.Finish how) {
        Draft draft = of(EventType.TURN_FINISHED)
                .with("turn", turn)
                .with("reason", how.reason())
                .with("detail", how.detail())
                .with("canContinue", how.canContinue());
        Spent.Over over = how.over();
        if (how.reason().equals("limit")) {
            draft.with("scope", over == null ? "turn" : over.scope())
                    .with("budget", over == null ? null : over.budget());
        }
        return draft;
    }

    static Draft contextShortened(List<String> calls, long tokens, long room) {
        Draft draft = of(EventType.CONTEXT_SHORTENED).with("tokens", tokens).with("room", room);
        PermissionsJson.strings(draft.data.putArray("calls"), calls);
        return draft;
    }

    static Draft contextSummarised(Context.Cut cut, String text, @Nullable Usage usage, double cost) {
        Draft draft = of(EventType.CONTEXT_SUMMARISED)
                .with("message", Ids.of("m_"))
                .with("through", cut.through())
                .with("messages", cut.dropped().size())
                .with("text", text);
        if (!cut.kept().isEmpty()) {
            PermissionsJson.strings(draft.data.putArray("kept"), cut.kept());
        }
        return usage == null ? draft : draft.with(usage, cost);
    }

    private Draft with(Usage usage, double cost) {
        ObjectNode node = data.putObject("usage");
        node.put("input", usage.input()).put("output", usage.output()).put("estimated", usage.estimated());
        if (usage.cachedInput() > 0) {
            node.put("cached", usage.cachedInput());
        }
        if (cost > 0) {
            node.put("cost", cost);
        }
        return this;
    }

    /** What it took, of {@link EventType#MESSAGE_FINISHED} and {@link EventType#CONTEXT_SUMMARISED}. */
    Draft took(Duration time) {
        return with("durationMillis", time.toMillis());
    }

    /** The request was longer than the model takes. */
    Draft tooLong(long tokens) {
        return with("tooLong", tokens);
    }

    static Draft messageStarted(String turn, String message, String model, int step, long tokens) {
        return messageStarted(turn, message, model, step).with("tokens", tokens);
    }

    static Draft messageStarted(String turn, String message, String model, int step) {
        return of(EventType.MESSAGE_STARTED)
                .with("turn", turn)
                .with("message", message)
                .with("model", model)
                .with("step", step);
    }

    static Draft messageRetrying(String message, int attempt, Duration wait, String reason) {
        return of(EventType.MESSAGE_RETRYING)
                .with("message", message)
                .with("attempt", attempt)
                .with("waitMillis", wait.toMillis())
                .with("reason", reason);
    }

    /** @param type {@link EventType#MESSAGE_DELTA} or {@link EventType#MESSAGE_TEXT} */
    static Draft text(String type, String message, String channel, long offset, String text) {
        return of(type).with("message", message)
                .with("offset", offset)
                .with("text", text)
                .with("channel", channel);
    }

    static Draft messageFinished(
            String message,
            String reason,
            @Nullable String detail,
            @Nullable ModelException error,
            @Nullable Usage usage) {
        return messageFinished(message, reason, detail, error, usage, 0);
    }

    /** @param cost in US dollars; 0 if nobody knows */
    static Draft messageFinished(
            String message,
            String reason,
            @Nullable String detail,
            @Nullable ModelException error,
            @Nullable Usage usage,
            double cost) {
        Draft draft = of(EventType.MESSAGE_FINISHED)
                .with("message", message)
                .with("reason", reason)
                .with("detail", detail);
        if (error != null) {
            ObjectNode node = draft.data.putObject("error");
            node.put("kind", error.kind().name().toLowerCase(Locale.ROOT));
            node.put("message", error.getMessage());
            if (error.remedy() != null) {
                node.put("remedy", error.remedy());
            }
        }
        return usage == null ? draft : draft.with(usage, cost);
    }

    static Draft callDelta(String message, Segment.CallOpened opened) {
        return of(EventType.CALL_DELTA)
                .with("message", message)
                .with("ref", opened.ref())
                .with("task", opened.task());
    }

    /** @param task what it will run; null if there is no such task */
    static Draft callRequested(String message, ParsedCall call, long offset, @Nullable InstalledTask task) {
        ObjectNode arguments;
        String problem = null;
        try {
            arguments = Json.object(call.arguments());
        } catch (IllegalArgumentException e) {
            arguments = Json.object();
            problem = "The arguments are no JSON object: " + e.getMessage() + ".";
        }
        Draft draft = callRequested(message, call.ref(), call.task(), call.raw(), offset, problem);
        draft.data.set("arguments", arguments);
        if (task != null) {
            draft.with("action", task.action().id().value())
                    .with("version", task.action().files().version())
                    .with("contentHash", task.action().files().contentHash())
                    .with("effects", task.task().effects().name().toLowerCase(Locale.ROOT))
                    .with("title", task.action().manifest().title());
            if (!task.action().files().builtIn()) {
                draft.with("thirdParty", true);
            }
            if (task.task().output() == Task.Output.EVENTS) {
                draft.with("events", true);
            }
        }
        return draft;
    }

    static Draft callRequested(String message, Segment.Malformed malformed, long offset) {
        String ref = malformed.ref() == null ? "" : malformed.ref();
        String task = malformed.task() == null ? "" : malformed.task();
        return callRequested(message, ref, task, malformed.raw(), offset, malformed.problem());
    }

    private static Draft callRequested(
            String message, String ref, String task, String raw, long offset, @Nullable String problem) {
        Draft draft = of(EventType.CALL_REQUESTED)
                .with("call", Ids.of("c_"))
                .with("message", message)
                .with("ref", ref)
                .with("task", task);
        draft.data.putObject("arguments");
        return draft.with("raw", raw).with("offset", offset).with("problem", problem);
    }

    static Draft approvalRequested(String call, Judge.Verdict.Ask ask) {
        Draft draft = of(EventType.APPROVAL_REQUESTED).with("call", call).with("approval", Ids.of("a_"));
        PermissionsJson.strings(draft.data.putArray("reasons"), ask.reasons());
        ArrayNode scopes = draft.data.putArray("scopes");
        ask.scopes().forEach(scope -> scopes.add(scope.name().toLowerCase(Locale.ROOT)));
        if (ask.needs() != null) {
            draft.data.set("needs", ask.needs());
        }
        if (!ask.untrusted().isEmpty()) {
            PermissionsJson.strings(draft.data.putArray("untrusted"), List.copyOf(ask.untrusted()));
        }
        return draft;
    }

    /** @param by {@code user} or {@code approval} */
    static Draft grantChanged(GrantSet grants, String by, @Nullable String call) {
        Draft draft = of(EventType.GRANT_CHANGED).with("by", by).with("call", call);
        draft.data.set("grants", PermissionsJson.write(grants));
        return draft;
    }

    static Draft policyChanged(Policy policy) {
        Draft draft = of(EventType.POLICY_CHANGED);
        draft.data.setAll(PermissionsJson.write(policy, true));
        return draft;
    }

    static Draft budgetChanged(Budgets budgets) {
        Draft draft = of(EventType.BUDGET_CHANGED);
        draft.data.setAll(BudgetsJson.write(budgets));
        return draft;
    }

    static Draft callConnection(String call, CallConnection connection) {
        return of(EventType.CALL_CONNECTION)
                .with("call", call)
                .with("number", connection.number())
                .with("host", connection.host())
                .with("port", connection.port())
                .with("allowed", connection.allowed())
                .with("reason", connection.reason())
                .with("sent", connection.sent())
                .with("received", connection.received())
                .with("durationMillis", connection.duration().toMillis());
    }

    /** @param by {@code user} or {@code policy} */
    static Draft approvalDecided(CallState call, Decision decision, String by) {
        Decision.Scope scope = decision.allow() ? decision.scope() : Decision.Scope.ONCE;
        Draft draft = of(EventType.APPROVAL_DECIDED)
                .with("call", call.id)
                .with("approval", call.approval == null ? Ids.of("a_") : call.approval)
                .with("decision", decision.allow() ? "allow" : "deny")
                .with("scope", scope.name().toLowerCase(Locale.ROOT))
                .with("by", by)
                .with("reason", decision.reason());
        if (decision.allow() && decision.arguments() != null) {
            draft.data.set("arguments", Json.object(decision.arguments()));
        }
        if (decision.allow() && decision.grant() != null && !decision.grant().isEmpty()) {
            draft.data.set("grant", PermissionsJson.write(decision.grant()));
        }
        return draft;
    }

    static Draft callStarted(String call) {
        return of(EventType.CALL_STARTED).with("call", call);
    }

    static Draft callBackground(String call) {
        return of(EventType.CALL_BACKGROUND).with("call", call);
    }

    static Draft callProgress(String call, String step) {
        return of(EventType.CALL_PROGRESS).with("call", call).with("step", step);
    }

    /** What a program says of its progress. */
    static Draft callProgress(String call, String step, @Nullable Double done, @Nullable Double total) {
        Draft draft = callProgress(call, step);
        if (done != null) {
            draft.data.put("done", done);
        }
        if (total != null) {
            draft.data.put("total", total);
        }
        return draft;
    }

    static Draft callArtifact(String call, Artifact artifact) {
        return of(EventType.CALL_ARTIFACT)
                .with("call", call)
                .with("artifact", artifact.id())
                .with("name", artifact.name())
                .with("mediaType", artifact.mediaType())
                .with("size", artifact.size());
    }

    static Draft workspaceReverted(String call, String revert, List<String> files) {
        Draft draft = of(EventType.WORKSPACE_REVERTED).with("call", call).with("revert", revert);
        ArrayNode array = draft.data.putArray("files");
        files.forEach(array::add);
        return draft;
    }

    /** @param type {@link EventType#CALL_OUTPUT_DELTA} or {@link EventType#CALL_OUTPUT} */
    static Draft output(String type, String call, String stream, OutputText.Piece piece) {
        Draft draft = of(type).with("call", call)
                .with("stream", stream)
                .with("offset", piece.offset())
                .with("text", piece.text());
        return type.equals(EventType.CALL_OUTPUT) ? draft.with("bytes", piece.bytes()) : draft;
    }

    /** The end of a call that has no outcome. */
    static Draft callFinished(String call, CallStatus status, String message) {
        return of(EventType.CALL_FINISHED)
                .with("call", call)
                .with("status", status.wire())
                .with("message", message);
    }

    static Draft callFinished(String call, CallOutcome outcome) {
        CallStatus status =
                switch (outcome.reason()) {
                    case EXITED -> {
                        Integer exit = outcome.exit();
                        yield exit != null && exit == 0 ? CallStatus.COMPLETED : CallStatus.FAILED;
                    }
                    case CANCELLED -> CallStatus.CANCELLED;
                    case TIMEOUT, OUTPUT_LIMIT, RESOURCE_LIMIT, SANDBOX_LOST -> CallStatus.FAILED;
                };
        Draft draft = of(EventType.CALL_FINISHED).with("call", call).with("status", status.wire());
        if (outcome.exit() != null) {
            draft.with("exit", outcome.exit());
        }
        return draft.with("message", message(outcome))
                .with("stdout", outcome.stdout())
                .with("stderr", outcome.stderr())
                .with("durationMillis", outcome.duration().toMillis())
                .with("sandbox", outcome.sandbox());
    }

    private static @Nullable String message(CallOutcome outcome) {
        if (outcome.message() != null) {
            return outcome.message();
        }
        return switch (outcome.reason()) {
            case EXITED -> null;
            case CANCELLED -> "The call was cancelled while it ran.";
            case TIMEOUT -> "The call was ended because its time was up.";
            case OUTPUT_LIMIT -> "The call was ended because it wrote too much output.";
            case RESOURCE_LIMIT -> "The call was ended because it hit a limit of its sandbox.";
            case SANDBOX_LOST -> "The sandbox ended while the call ran.";
        };
    }

    /** Real results of calls for which there was an interim one. */
    static Draft lateResults(List<CallResult> results) {
        return results(results).with("late", true);
    }

    static Draft results(List<CallResult> results) {
        Draft draft = of(EventType.MESSAGE_RESULTS).with("message", Ids.of("m_"));
        ArrayNode array = draft.data.putArray("results");
        for (CallResult result : results) {
            ObjectNode node = array.addObject();
            node.put("call", result.call()).put("ref", result.ref()).put("task", result.task());
            node.put("status", result.status().wire());
            if (result.exit() != null) {
                node.put("exit", result.exit());
            }
            node.put("text", result.text()).put("bytes", result.bytes());
            if (result.note() != null) {
                node.put("note", result.note());
            }
        }
        return draft;
    }
}
