package org.rungpt.shell;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.ConversationListener;
import org.rungpt.api.chat.EventType;
import org.rungpt.plain.Plain;

/**
 * Follows the turn that answers one message, and prints it. Events only enter a queue; the command's own thread takes them out.
 */
final class Turn implements ConversationListener {
    private static final JsonMapper MAPPER = new JsonMapper();

    /** A call that somebody has to approve. */
    record Approval(String call, String task, String arguments, String reasons, boolean allowed) {}

    /** An event as it came. */
    private record Heard(String type, String data) {}

    private final String conversation;
    private final Allowed allowed;
    private final PrintStream out;
    private final BlockingQueue<Heard> queue = new LinkedBlockingQueue<>();
    private final Map<String, Integer> printed = new HashMap<>();
    private final Map<String, JsonNode> calls = new HashMap<>();

    private @Nullable String message;
    private boolean seen;
    private @Nullable String turn;
    private boolean finished;
    private @Nullable String problem;

    Turn(String conversation, Allowed allowed, PrintStream out) {
        this.conversation = conversation;
        this.allowed = allowed;
        this.out = out;
    }

    @Override
    public void appended(ConversationEvent event) {
        if (event.conversation().equals(conversation)) {
            queue.add(new Heard(event.type(), event.data()));
        }
    }

    @Override
    public void transientEvent(String of, String type, String data) {
        if (of.equals(conversation)) {
            queue.add(new Heard(type, data));
        }
    }

    @Override
    public void deleted(String of) {
        if (of.equals(conversation)) {
            queue.add(new Heard("deleted", "{}"));
        }
    }

    /** Which message the turn answers. */
    void posted(String id) {
        message = id;
    }

    boolean isFinished() {
        return finished;
    }

    /** Why the turn did not complete; null if it did. */
    @Nullable
    String problem() {
        return problem;
    }

    /** Waits for the next event and prints it; gives back what has to be approved. */
    @Nullable
    Approval next(long time, TimeUnit unit) throws InterruptedException {
        Heard heard = queue.poll(time, unit);
        if (heard == null) {
            return null;
        }
        try {
            return handle(heard.type(), MAPPER.readTree(heard.data()));
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    private @Nullable Approval handle(String type, JsonNode data) {
        switch (type) {
            case EventType.MESSAGE_USER -> seen |= text(data, "message").equals(message);
            case EventType.TURN_STARTED -> {
                if (seen && turn == null) {
                    turn = text(data, "turn");
                }
            }
            case EventType.TURN_FINISHED -> {
                if (turn != null && text(data, "turn").equals(turn)) {
                    finish(data);
                }
            }
            case "deleted" -> {
                finished = true;
                problem = "The conversation was deleted";
            }
            default -> {
                return turn == null ? null : show(type, data);
            }
        }
        return null;
    }

    private @Nullable Approval show(String type, JsonNode data) {
        switch (type) {
            case EventType.MESSAGE_DELTA, EventType.MESSAGE_TEXT -> {
                if (text(data, "channel").equals("answer")) {
                    stretch(text(data, "message"), data);
                }
            }
            case EventType.CALL_OUTPUT -> out.print(Plain.text(text(data, "text")));
            case EventType.CALL_REQUESTED -> {
                calls.put(text(data, "call"), data);
                out.println();
                out.println("▸ " + Plain.line(text(data, "task")) + " "
                        + Plain.line(data.path("arguments").toString(), 300));
            }
            case EventType.CALL_FINISHED -> {
                out.println();
                out.println("▪ " + Plain.line(text(data, "status"))
                        + (data.path("exit").isInt()
                                ? " (exit code " + data.path("exit").asInt() + ")"
                                : "")
                        + (text(data, "message").isEmpty() ? "" : ": " + Plain.line(text(data, "message"))));
            }
            case EventType.APPROVAL_REQUESTED -> {
                return approval(data);
            }
            default -> {
                // Whatever else there is needs no line of its own.
            }
        }
        out.flush();
        return null;
    }

    /** Transient and stored stretches overlap: what was printed already is left out. */
    private void stretch(String of, JsonNode data) {
        String text = text(data, "text");
        int offset = data.path("offset").asInt();
        int done = printed.getOrDefault(of, 0);
        if (offset + text.length() > done) {
            out.print(Plain.text(text.substring(Math.max(0, done - offset))));
            printed.put(of, offset + text.length());
        }
    }

    private Approval approval(JsonNode data) {
        String call = text(data, "call");
        JsonNode requested = calls.getOrDefault(call, MAPPER.createObjectNode());
        List<String> reasons = new ArrayList<>();
        data.path("reasons").forEach(reason -> reasons.add(reason.asText()));
        String task = text(requested, "task");
        return new Approval(
                call, task, requested.path("arguments").toString(), String.join("; ", reasons), allowed.covers(task));
    }

    private void finish(JsonNode data) {
        finished = true;
        String reason = text(data, "reason");
        if (!reason.equals("done")) {
            String detail = text(data, "detail");
            problem = "The turn ended early (" + Plain.line(reason) + ")"
                    + (detail.isEmpty() ? "" : ": " + Plain.line(detail));
        }
    }

    private static String text(JsonNode data, String key) {
        return data.path(key).asText("");
    }
}
