package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.EventType;

/** One turn as the caller of a chat completion sees it: text, what calls do, the end. One thread at a time. */
final class DoorTurn {
    /** Who is told. */
    interface Reader {
        void text(String text);

        /** Something that is no text: the event as RunGPT has it, with its type in {@code event}. */
        void event(ObjectNode event);

        void finished(Finish finish);
    }

    /**
     * How it ended.
     *
     * @param reason as chat completions name it
     * @param kind what went wrong; null if nothing did
     * @param message the same in words
     */
    record Finish(
            String reason, @Nullable String kind, @Nullable String message, long input, long output) {}

    /** What is told of calls. */
    private static final Set<String> TOLD = Set.of(
            EventType.CALL_REQUESTED,
            EventType.APPROVAL_DECIDED,
            EventType.CALL_STARTED,
            EventType.CALL_OUTPUT,
            EventType.CALL_FINISHED,
            EventType.MESSAGE_RETRYING,
            EventType.TURN_FINISHED);

    private final Reader reader;
    /** How much of each message was told: the same text comes as it is written and again when it is durable. */
    private final Map<String, Integer> told = new HashMap<>();

    private @Nullable String writing;
    private @Nullable JsonNode error;
    private String reason = "stop";
    private long input;
    private long output;
    private boolean began;
    private boolean ended;

    DoorTurn(Reader reader) {
        this.reader = reader;
    }

    /** @param data a JSON object */
    void event(String type, JsonNode data) {
        if (ended) {
            return;
        }
        switch (type) {
            case EventType.MESSAGE_DELTA, EventType.MESSAGE_TEXT -> text(data);
            case EventType.MESSAGE_FINISHED -> answered(data);
            default -> {
                // Transient events tell nothing that is not told again.
            }
        }
        if (TOLD.contains(type)) {
            ObjectNode event = Json.object().put("event", type);
            data.properties().forEach(field -> event.set(field.getKey(), field.getValue()));
            reader.event(event);
        }
        if (type.equals(EventType.TURN_FINISHED)) {
            end(data);
        }
    }

    private void text(JsonNode data) {
        if (!data.path("channel").asText("answer").equals("answer")) {
            return;
        }
        String message = data.path("message").asText();
        String text = data.path("text").asText();
        int from = told.getOrDefault(message, 0) - data.path("offset").asInt();
        if (from < 0 || from >= text.length()) {
            return; // a gap is filled by the durable text, what was told is told
        }
        if (began && !message.equals(writing)) {
            reader.text("\n\n");
        }
        began = true;
        writing = message;
        told.put(message, data.path("offset").asInt() + text.length());
        reader.text(text.substring(from));
    }

    private void answered(JsonNode data) {
        JsonNode usage = data.path("usage");
        input += usage.path("input").asLong();
        output += usage.path("output").asLong();
        String how = data.path("reason").asText();
        error = how.equals("error") && data.has("error") ? data.get("error") : null;
        reason = how.equals("length") || how.equals("content_filter") ? how : "stop";
    }

    private void end(JsonNode data) {
        ended = true;
        JsonNode wrong = error;
        String how = data.path("reason").asText();
        if (wrong != null) {
            String remedy = wrong.path("remedy").asText("");
            String message = wrong.path("message").asText();
            finish(wrong.path("kind").asText("server"), remedy.isEmpty() ? message : message + " " + remedy);
        } else if (how.equals("error") || how.equals("interrupted")) {
            finish(how, data.path("detail").asText("The turn ended early."));
        } else {
            boolean limited = how.equals("limit") || how.equals("repeated");
            reason = limited && !reason.equals("content_filter") ? "length" : reason;
            finish(null, null);
        }
    }

    private void finish(@Nullable String kind, @Nullable String message) {
        reader.finished(new Finish(reason, kind, message, input, output));
    }

    /** The conversation is gone. */
    void lost() {
        if (!ended) {
            ended = true;
            finish("interrupted", "The conversation was deleted.");
        }
    }
}
