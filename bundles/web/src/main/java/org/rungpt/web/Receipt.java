package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.EventType;

/**
 * What stands behind an answer: the turn that holds it, its calls with exactly what ran, what they reached and left, and what it took.
 * A fold over the conversation's log.
 */
final class Receipt {
    private final String conversation;
    private final String message;
    /** Messages of users that wait for their turn. */
    private final Set<String> waiting = new LinkedHashSet<>();

    private final Map<String, ObjectNode> calls = new LinkedHashMap<>();
    private final Map<String, Map<String, ObjectNode>> hosts = new LinkedHashMap<>();
    private @Nullable Turn open;
    private @Nullable Turn found;

    /** A turn while it is read. */
    private static final class Turn {
        final ObjectNode json = Json.object();
        final ArrayNode answers;
        final Set<String> messages = new LinkedHashSet<>();
        final Set<String> calls = new LinkedHashSet<>();
        final Map<String, ObjectNode> answer = new LinkedHashMap<>();

        Turn(ConversationEvent event, JsonNode data) {
            json.put("turn", data.path("turn").asText())
                    .put("cause", data.path("cause").asText())
                    .put("began", event.at().toString());
            answers = json.putArray("answers");
        }
    }

    Receipt(String conversation, String message) {
        this.conversation = conversation;
        this.message = message;
    }

    void read(ConversationEvent event) {
        JsonNode data = Json.own(event.data());
        switch (event.type()) {
            case EventType.MESSAGE_USER -> waiting.add(data.path("message").asText());
            case EventType.TURN_STARTED -> {
                open = new Turn(event, data);
                waiting.forEach(this::belongs);
                waiting.clear();
            }
            case EventType.TURN_FINISHED -> {
                if (open != null) {
                    open.json
                            .put("ended", event.at().toString())
                            .put("reason", data.path("reason").asText());
                    if (data.has("detail")) {
                        open.json.put("detail", data.path("detail").asText());
                    }
                }
                open = null;
            }
            case EventType.MESSAGE_STARTED -> {
                if (open != null) {
                    belongs(data.path("message").asText());
                    open.answer.put(
                            data.path("message").asText(),
                            open.answers
                                    .addObject()
                                    .put("message", data.path("message").asText())
                                    .put("model", data.path("model").asText()));
                }
            }
            case EventType.MESSAGE_FINISHED -> finished(data);
            case EventType.MESSAGE_RESULTS -> {
                if (open != null) {
                    belongs(data.path("message").asText());
                    for (JsonNode result : data.path("results")) {
                        open.calls.add(result.path("call").asText());
                    }
                }
            }
            case EventType.CONTEXT_SHORTENED, EventType.CONTEXT_SUMMARISED -> {
                if (open != null) {
                    boolean summarised = event.type().equals(EventType.CONTEXT_SUMMARISED);
                    open.json
                            .withArray("leftOut")
                            .add(
                                    summarised
                                            ? data.path("messages").asInt() + " messages gave way to a summary"
                                            : data.path("calls").size() + " outputs were shortened");
                    usage(open, data.path("usage"));
                }
            }
            default -> call(event, data);
        }
    }

    private void belongs(String id) {
        if (open != null) {
            open.messages.add(id);
            if (id.equals(message)) {
                found = open;
            }
        }
    }

    private void finished(JsonNode data) {
        if (open == null) {
            return;
        }
        ObjectNode answer = open.answer.get(data.path("message").asText());
        if (answer != null) {
            answer.put("reason", data.path("reason").asText());
            if (data.has("usage")) {
                answer.set("usage", data.path("usage"));
            }
            if (data.has("durationMillis")) {
                answer.put("durationMillis", data.path("durationMillis").asLong());
            }
        }
        usage(open, data.path("usage"));
    }

    private static void usage(Turn turn, JsonNode usage) {
        if (usage.isMissingNode()) {
            return;
        }
        ObjectNode tokens = turn.json.withObject("/tokens");
        tokens.put("input", tokens.path("input").asLong() + usage.path("input").asLong());
        tokens.put(
                "output", tokens.path("output").asLong() + usage.path("output").asLong());
        tokens.put(
                "estimated",
                tokens.path("estimated").asBoolean() || usage.path("estimated").asBoolean());
        if (usage.has("cost")) {
            turn.json.put(
                    "cost",
                    turn.json.path("cost").asDouble() + usage.path("cost").asDouble());
        }
    }

    private void call(ConversationEvent event, JsonNode data) {
        String id = data.path("call").asText();
        if (event.type().equals(EventType.CALL_REQUESTED)) {
            ObjectNode call = Json.object().put("call", id);
            copy(data, call, "task", "action", "version", "contentHash", "effects", "problem");
            call.put("by", data.path("by").asText("model"));
            call.set("arguments", data.path("arguments"));
            calls.put(id, call);
            if (open != null) {
                open.calls.add(id);
            }
            return;
        }
        ObjectNode call = calls.get(id);
        if (call == null) {
            return;
        }
        switch (event.type()) {
            case EventType.APPROVAL_REQUESTED -> call.set("asked", data.path("reasons"));
            case EventType.APPROVAL_DECIDED -> {
                ObjectNode approval = call.putObject("approval");
                copy(data, approval, "decision", "by", "scope", "reason", "grant");
                approval.put("at", event.at().toString());
                if (data.has("arguments")) {
                    call.set("argumentsOfTheModel", call.path("arguments"));
                    call.set("arguments", data.path("arguments"));
                }
            }
            case EventType.CALL_STARTED -> call.put("began", event.at().toString());
            case EventType.CALL_CONNECTION -> connection(id, data);
            case EventType.CALL_ARTIFACT -> {
                ObjectNode file = call.withArray("artifacts").addObject();
                copy(data, file, "artifact", "name", "mediaType", "size");
            }
            case EventType.CALL_FINISHED -> {
                copy(data, call, "status", "exit", "message", "stdout", "stderr", "durationMillis", "sandbox");
                call.put("ended", event.at().toString());
            }
            default -> {
                // Nothing that a receipt tells.
            }
        }
    }

    /** Connections to the same place are one line. */
    private void connection(String call, JsonNode data) {
        String place = data.path("host").asText() + ":" + data.path("port").asInt() + " "
                + data.path("allowed").asBoolean();
        ObjectNode line = hosts.computeIfAbsent(call, key -> new LinkedHashMap<>())
                .computeIfAbsent(place, key -> Json.object()
                        .put("host", data.path("host").asText())
                        .put("port", data.path("port").asInt())
                        .put("allowed", data.path("allowed").asBoolean()));
        line.put("connections", line.path("connections").asInt() + 1)
                .put("sent", line.path("sent").asLong() + data.path("sent").asLong())
                .put(
                        "received",
                        line.path("received").asLong() + data.path("received").asLong());
    }

    private static void copy(JsonNode from, ObjectNode to, String... fields) {
        for (String field : fields) {
            if (from.hasNonNull(field)) {
                to.set(field, from.get(field));
            }
        }
    }

    /** Finds what a call changed; null if nobody knows. */
    @FunctionalInterface
    interface Files {
        @Nullable
        JsonNode of(String call);
    }

    /** @return null if the conversation has no such message */
    @Nullable
    ObjectNode json(Files files) {
        Turn turn = found;
        if (turn == null) {
            return null;
        }
        ObjectNode receipt = Json.object().put("conversation", conversation).put("message", message);
        receipt.setAll(turn.json);
        ArrayNode all = receipt.putArray("calls");
        for (String id : turn.calls) {
            ObjectNode call = calls.get(id);
            if (call == null) {
                continue;
            }
            all.add(call);
            Map<String, ObjectNode> reached = hosts.get(id);
            if (reached != null) {
                call.putArray("hosts").addAll(List.copyOf(reached.values()));
            }
            JsonNode changed = call.has("began") ? files.of(id) : null;
            if (changed != null) {
                call.set("files", changed);
            }
        }
        return receipt;
    }
}
