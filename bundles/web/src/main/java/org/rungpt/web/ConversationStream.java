package org.rungpt.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.store.ConversationStore;
import org.rungpt.api.store.StoreException;

/**
 * What one reader sees of one conversation. It either catches up from the store or is live. While it catches up, what happens live is
 * left out: stored events come from the store, and transient ones are repeated by a stored event soon. An event that is not the next
 * one, for example because the chat engine was replaced, means catching up again; so nothing is lost and nothing comes twice.
 */
final class ConversationStream {
    private static final int PAGE = 500;
    private static final int ENOUGH_QUEUED = 256 << 10;

    private final Services services;
    private final Executor executor;
    private final String conversation;
    private @Nullable FrameSink client;
    /** The last event that was sent. */
    private long sent;
    /** The newest event known to be stored. */
    private long known;

    private boolean live;
    private boolean reading;

    ConversationStream(Services services, Executor executor, String conversation, long after) {
        this.services = services;
        this.executor = executor;
        this.conversation = conversation;
        this.sent = after;
    }

    synchronized void attach(FrameSink newClient) {
        client = newClient;
    }

    /** An event was stored. */
    synchronized void appended(ConversationEvent event) {
        known = Math.max(known, event.seq());
        if (live && client != null && event.seq() > sent) {
            if (event.seq() == sent + 1) {
                sent = event.seq();
                client.send(frame(event));
            } else {
                live = false;
                catchUp();
            }
        }
    }

    /** Something transient happened. */
    synchronized void transientEvent(byte[] frame) {
        if (live && client != null) {
            client.send(frame);
        }
    }

    /** Reads on from the store, unless it is live, is reading already, or has enough to write. */
    synchronized void catchUp() {
        if (live || reading || client == null || client.isClosed() || client.queuedBytes() > ENOUGH_QUEUED) {
            return;
        }
        reading = true;
        executor.execute(this::readPage);
    }

    private void readPage() {
        List<ConversationEvent> page = null;
        ConversationStore store = services.storeNow();
        if (store != null) {
            try {
                page = store.events(conversation, sentSoFar(), PAGE);
            } catch (StoreException e) {
                page = null;
            }
        }
        synchronized (this) {
            reading = false;
            if (page == null || client == null) {
                return; // the store is being replaced: the next heartbeat tries again
            }
            for (ConversationEvent event : page) {
                if (client.queuedBytes() > ENOUGH_QUEUED) {
                    return; // goes on when the client has taken these
                }
                if (event.seq() == sent + 1 && client.send(frame(event))) {
                    sent = event.seq();
                }
            }
            if (page.size() < PAGE && sent >= known) {
                live = true;
                return;
            }
        }
        catchUp();
    }

    private synchronized long sentSoFar() {
        return sent;
    }

    private static byte[] frame(ConversationEvent event) {
        return ("id: " + event.seq() + "\ndata: {\"seq\":" + event.seq() + ",\"at\":\"" + event.at() + "\",\"type\":\""
                        + event.type() + "\",\"data\":" + event.data() + "}\n\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** The frame of an event without an id. {@code data} is JSON on one line. */
    static byte[] frame(String type, String data) {
        return ("data: {\"type\":\"" + type + "\",\"data\":" + data + "}\n\n").getBytes(StandardCharsets.UTF_8);
    }

    static byte[] frame(String type, ObjectNode data) {
        return frame(type, new String(Json.bytes(data), StandardCharsets.UTF_8));
    }
}
