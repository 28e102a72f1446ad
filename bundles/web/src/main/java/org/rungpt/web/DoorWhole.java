package org.rungpt.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.EventType;

/**
 * Who takes the answer in one piece, when it is complete. One that takes its time begins with blanks, which mean nothing before JSON. From
 * then on its status is 200, whatever comes.
 */
final class DoorWhole extends DoorReader {
    /** As much output of calls is told, in characters. */
    private static final int MOST_OUTPUT = 1 << 20;

    private static final byte[] BLANK = {' '};
    /** One that is under way and ends before so many beats has the status of its end. */
    private static final int QUIET_BEATS = 1;

    private final StringBuilder text = new StringBuilder();
    private final ArrayNode events = Json.array();
    private int output;
    private boolean omitted;
    private boolean begun;
    private boolean ended;
    private int beats;
    private @Nullable EventClient client;

    DoorWhole(AsyncContext context, DoorTurns turns, Conversation conversation, DoorAnswer answer, boolean passing) {
        super(context, turns, conversation, answer, passing);
    }

    @Override
    public synchronized void text(String piece) {
        begun = true;
        text.append(piece);
    }

    @Override
    public synchronized void event(ObjectNode event) {
        begun |= isBeginning(event);
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
    synchronized void end(DoorTurn.Finish finish) {
        ended = true;
        String kind = finish.kind();
        EventClient open = client;
        if (open == null && kind != null) {
            refuse(finish, kind);
            return;
        }
        ObjectNode body = answer.whole(text.toString(), events, omitted, finish);
        if (open == null) {
            whole(200, body);
            return;
        }
        if (kind != null) {
            body.setAll(DoorAnswer.error(kind, String.valueOf(finish.message())));
        }
        open.send(Json.bytes(body));
        open.end();
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
    public synchronized void beat() {
        if (ended || beats++ < (begun ? QUIET_BEATS : SILENT_BEATS)) {
            return;
        }
        try {
            EventClient open = client;
            if (open == null) {
                open = begin();
            }
            open.send(BLANK);
        } catch (IOException e) {
            gone();
        }
    }

    private EventClient begin() throws IOException {
        HttpServletResponse response = (HttpServletResponse) context.getResponse();
        response.setContentType("application/json");
        EventClient made = new EventClient(context, this::drained, this::gone);
        made.start();
        client = made;
        return made;
    }
}
