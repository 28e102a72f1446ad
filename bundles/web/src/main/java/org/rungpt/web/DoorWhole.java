package org.rungpt.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.AsyncContext;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.EventType;

/** Who takes the answer in one piece, when it is complete. */
final class DoorWhole extends DoorReader {
    /** As much output of calls is told, in characters. */
    private static final int MOST_OUTPUT = 1 << 20;

    private final StringBuilder text = new StringBuilder();
    private final ArrayNode events = Json.array();
    private int output;
    private boolean omitted;

    DoorWhole(AsyncContext context, DoorTurns turns, Conversation conversation, DoorAnswer answer, boolean passing) {
        super(context, turns, conversation, answer, passing);
    }

    @Override
    public void text(String piece) {
        text.append(piece);
    }

    @Override
    public void event(ObjectNode event) {
        if (event.path("event").asText().equals(EventType.CALL_OUTPUT)) {
            output += event.path("text").asText().length();
            if (output > MOST_OUTPUT) {
                output = MOST_OUTPUT;
                omitted = true;
                return;
            }
        }
        events.add(event);
    }

    @Override
    void end(DoorTurn.Finish finish) {
        String kind = finish.kind();
        if (kind != null) {
            refuse(finish, kind);
        } else {
            whole(200, answer.whole(text.toString(), events, omitted, finish));
        }
    }

    @Override
    public int queuedBytes() {
        return 0;
    }

    @Override
    public long writtenBytes() {
        return 0;
    }

    @Override
    public void beat() {
        // Nothing can be said before the end.
    }
}
