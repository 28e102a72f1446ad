package org.rungpt.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Conversation;

/** Who takes the answer piece by piece. It begins with the first word or call, or when it lets wait for long. */
final class DoorStream extends DoorReader {
    /** Who takes nothing for so many beats, though there is something, has gone or will never. */
    private static final int PATIENCE_BEATS = 4;

    private final boolean usage;
    private final List<ObjectNode> held = new ArrayList<>();
    private volatile @Nullable EventClient client;
    private boolean ended;
    private int beats;
    private long writtenAtBeat;
    private int idleBeats;

    /** @param usage whether it ends with the usage */
    DoorStream(
            AsyncContext context,
            DoorTurns turns,
            Conversation conversation,
            DoorAnswer answer,
            boolean passing,
            boolean usage) {
        super(context, turns, conversation, answer, passing);
        this.usage = usage;
    }

    @Override
    public synchronized void text(String text) {
        send(answer.text(text));
    }

    @Override
    public synchronized void event(ObjectNode event) {
        if (client == null && !isBeginning(event)) {
            held.add(event);
        } else {
            send(answer.event(event));
        }
    }

    @Override
    synchronized void end(DoorTurn.Finish finish) {
        ended = true;
        String kind = finish.kind();
        if (kind != null && client == null) {
            refuse(finish, kind);
            return;
        }
        if (kind != null) {
            send(DoorAnswer.frame(DoorAnswer.error(kind, String.valueOf(finish.message()))));
        } else {
            send(answer.end(finish.reason()));
            if (usage) {
                send(answer.usage(finish));
            }
            send(DoorAnswer.DONE);
        }
        EventClient open = client;
        if (open != null) {
            open.end();
        }
    }

    private void send(byte[] frame) {
        EventClient open = client;
        if (open == null) {
            open = begin();
        }
        if (open != null) {
            open.send(frame);
        }
    }

    private @Nullable EventClient begin() {
        HttpServletResponse response = (HttpServletResponse) context.getResponse();
        response.setContentType("text/event-stream");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-cache, no-transform");
        response.setHeader("X-Accel-Buffering", "no");
        EventClient begun;
        try {
            begun = new EventClient(context, this::drained, this::gone);
        } catch (IOException e) {
            gone();
            return null;
        }
        client = begun;
        begun.send(answer.begin());
        held.forEach(event -> begun.send(answer.event(event)));
        held.clear();
        begun.start();
        return begun;
    }

    @Override
    public int queuedBytes() {
        EventClient open = client;
        return open == null ? 0 : open.queuedBytes();
    }

    @Override
    public long writtenBytes() {
        EventClient open = client;
        return open == null ? 0 : open.writtenBytes();
    }

    @Override
    public synchronized void beat() {
        EventClient open = client;
        if (open == null) {
            if (!ended && beats++ >= SILENT_BEATS) {
                begin();
            }
            return;
        }
        boolean idle = open.queuedBytes() > 0 && open.writtenBytes() == writtenAtBeat;
        idleBeats = idle ? idleBeats + 1 : 0;
        writtenAtBeat = open.writtenBytes();
        if (idleBeats >= PATIENCE_BEATS) {
            open.close();
        } else {
            open.heartbeat();
        }
    }
}
