package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.call.CallStatus;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.EventType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What follows one message as the caller of a chat completion sees it: text, what calls do, the end. It begins with the turn of that
 * message, and ends with a turn after which nothing runs in the background any more: what a long call brings late, and what the model
 * says of it, belong to the same answer. Any thread.
 */
final class DoorTurn implements EventSink {
    /** Who is told; one thread at a time. */
    interface Reader {
        void text(String text);

        /** Something that is no text: the event as RunGPT has it, with its type in {@code event}. */
        void event(ObjectNode event);

        /** Somebody would have to be asked about a call. */
        void ask(String call);

        void finished(Finish finish);

        /** How much waits for the caller to take it, in bytes. */
        int queuedBytes();

        /** How much the caller took, in bytes. */
        long writtenBytes();

        /** Every few seconds. */
        void beat();
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

    private static final Logger LOG = LoggerFactory.getLogger(DoorTurn.class);

    private enum Phase {
        /** The message is not in the log yet. */
        BEFORE,
        /** It is, and waits for its turn. */
        SAID,
        OPEN,
        OVER
    }

    /** What is told of calls. */
    private static final Set<String> TOLD = Set.of(
            EventType.CALL_REQUESTED,
            EventType.APPROVAL_DECIDED,
            EventType.CALL_STARTED,
            EventType.CALL_BACKGROUND,
            EventType.CALL_OUTPUT,
            EventType.CALL_FINISHED,
            EventType.MESSAGE_RETRYING,
            EventType.TURN_FINISHED);

    private final String message;
    private final Reader reader;
    /** How much of each message was told: the same text comes as it is written and again when it is durable. */
    private final Map<String, Integer> told = new HashMap<>();
    /** Calls whose real result the model was not told yet. */
    private final Set<String> background = new HashSet<>();

    private Phase phase = Phase.BEFORE;
    private @Nullable String writing;
    private @Nullable JsonNode error;
    private boolean tooLong;
    private String reason = "stop";
    private long input;
    private long output;
    private boolean began;

    /** @param message the id of the message that this answers */
    DoorTurn(String message, Reader reader) {
        this.message = message;
        this.reader = reader;
    }

    @Override
    public synchronized boolean take(ConversationEvent event) {
        if (phase != Phase.OVER) {
            JsonNode data;
            try {
                data = Json.own(event.data());
            } catch (IllegalStateException e) {
                // It would be as unreadable the next time.
                LOG.error("Event {} of the conversation {} cannot be read", event.seq(), event.conversation(), e);
                finish("internal", "What happened cannot be read; the log of RunGPT has the details.");
                return true;
            }
            event(event.type(), data);
        }
        return true;
    }

    @Override
    public synchronized void hear(TransientEvent event) {
        if (phase == Phase.OPEN && event.type().equals(EventType.MESSAGE_DELTA)) {
            text(Json.own(event.data()));
        }
    }

    /** @param data a JSON object */
    private void event(String type, JsonNode data) {
        switch (phase) {
            case BEFORE -> {
                if (type.equals(EventType.MESSAGE_USER)
                        && data.path("message").asText().equals(message)) {
                    phase = Phase.SAID;
                }
            }
            case SAID -> {
                if (type.equals(EventType.TURN_STARTED)) {
                    phase = Phase.OPEN;
                }
            }
            case OPEN -> tell(type, data);
            case OVER -> {
                // The rest is none of the caller's business.
            }
        }
    }

    private void tell(String type, JsonNode data) {
        switch (type) {
            case EventType.MESSAGE_TEXT -> text(data);
            case EventType.MESSAGE_FINISHED -> answered(data);
            case EventType.MESSAGE_RESULTS -> results(data);
            case EventType.MESSAGE_NOTICE -> data.path("elsewhere").forEach(call -> background.remove(call.asText()));
            case EventType.CALL_BACKGROUND -> background.add(data.path("call").asText());
            case EventType.APPROVAL_REQUESTED -> reader.ask(data.path("call").asText());
            default -> {
                // told below, if it is told at all
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

    private void results(JsonNode data) {
        for (JsonNode result : data.path("results")) {
            if (!result.path("status").asText().equals(CallStatus.WORKING.wire())) {
                background.remove(result.path("call").asText());
            }
        }
    }

    private void text(JsonNode data) {
        if (!data.path("channel").asText("answer").equals("answer")) {
            return;
        }
        String of = data.path("message").asText();
        String text = data.path("text").asText();
        int from = told.getOrDefault(of, 0) - data.path("offset").asInt();
        if (from < 0 || from >= text.length()) {
            return; // a gap is filled by the durable text, what was told is told
        }
        if (began && !of.equals(writing)) {
            reader.text("\n\n");
        }
        began = true;
        writing = of;
        told.put(of, data.path("offset").asInt() + text.length());
        reader.text(text.substring(from));
    }

    private void answered(JsonNode data) {
        JsonNode usage = data.path("usage");
        input += usage.path("input").asLong();
        output += usage.path("output").asLong();
        String how = data.path("reason").asText();
        tooLong = data.has("tooLong");
        error = how.equals("error") && data.has("error") ? data.get("error") : null;
        reason = how.equals("length") || how.equals("content_filter") ? how : "stop";
    }

    private void end(JsonNode data) {
        JsonNode wrong = error;
        String how = data.path("reason").asText();
        if (wrong != null) {
            String remedy = wrong.path("remedy").asText("");
            String what = wrong.path("message").asText();
            finish(wrong.path("kind").asText("server"), remedy.isEmpty() ? what : what + " " + remedy);
        } else if (how.equals("error") || how.equals("interrupted")) {
            finish(tooLong ? "context_length" : how, data.path("detail").asText("The turn ended early."));
        } else if (!how.equals("done") || background.isEmpty()) {
            boolean limited = how.equals("limit") || how.equals("repeated");
            reason = limited && !reason.equals("content_filter") ? "length" : reason;
            finish(null, null);
        }
    }

    private void finish(@Nullable String kind, @Nullable String what) {
        phase = Phase.OVER;
        reader.finished(new Finish(reason, kind, what, input, output));
    }

    /** It ends with an error, unless it has ended. */
    synchronized void fail(String kind, String what) {
        if (phase != Phase.OVER) {
            finish(kind, what);
        }
    }

    /** Nobody waits for it any more. @return whether it had not ended */
    synchronized boolean leave() {
        boolean early = phase != Phase.OVER;
        phase = Phase.OVER;
        return early;
    }

    /** The conversation is gone, or nobody is left to tell of it. */
    @Override
    public void close() {
        fail("interrupted", "The conversation was deleted, or a part of RunGPT is being replaced.");
    }

    @Override
    public synchronized boolean isClosed() {
        return phase == Phase.OVER;
    }

    @Override
    public int queuedBytes() {
        return reader.queuedBytes();
    }

    @Override
    public long writtenBytes() {
        return reader.writtenBytes();
    }

    @Override
    public void behind(long bytes) {
        // It is told when there is room.
    }

    @Override
    public void beat() {
        reader.beat();
    }
}
