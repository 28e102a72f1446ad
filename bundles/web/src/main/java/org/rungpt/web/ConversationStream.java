package org.rungpt.web;

import java.util.List;
import java.util.concurrent.Executor;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.store.ConversationStore;
import org.rungpt.api.store.StoreException;

/**
 * What one reader sees of one conversation. It either catches up from the store or is live. While it catches up, what happens live is
 * left out: stored events come from the store, and transient ones are repeated by a stored event soon. An event that is not the next
 * one, for example because the chat engine was replaced, means catching up again, and so does a reader that has much to take yet; so
 * nothing is lost, nothing comes twice, and what waits for a reader stays little however much happens at once.
 */
final class ConversationStream {
    private static final int PAGE = 500;
    private static final int ENOUGH_QUEUED = 256 << 10;

    private final Services services;
    private final Executor executor;
    private final String conversation;
    private final EventSink sink;
    /** The last event that was sent. */
    private long sent;
    /** The newest event known to be stored. */
    private long known;

    private boolean live;
    private boolean reading;
    /** What happened, in bytes, since the reader had written so much. */
    private long behind;

    private long writtenThen;

    ConversationStream(Services services, Executor executor, String conversation, long after, EventSink sink) {
        this.services = services;
        this.executor = executor;
        this.conversation = conversation;
        this.sent = after;
        this.sink = sink;
    }

    /** An event was stored. */
    synchronized void appended(ConversationEvent event) {
        known = Math.max(known, event.seq());
        if (event.seq() <= sent) {
            return;
        }
        if (isFull()) {
            live = false;
            fallBehind(event);
        } else if (live && event.seq() == sent + 1) {
            sent = event.seq();
            sink.take(event);
        } else if (live) {
            live = false;
            catchUp();
        }
    }

    private boolean isFull() {
        return sink.queuedBytes() > ENOUGH_QUEUED;
    }

    private void fallBehind(ConversationEvent event) {
        long written = sink.writtenBytes();
        if (written != writtenThen) {
            writtenThen = written;
            behind = 0;
        }
        behind += event.data().length();
        sink.behind(behind);
    }

    /** Something transient happened. */
    synchronized void transientEvent(TransientEvent event) {
        if (live && isFull()) {
            live = false;
        } else if (live) {
            sink.hear(event);
        }
    }

    /** Reads on from the store, unless it is live, is reading already, or has enough to write. */
    synchronized void catchUp() {
        if (live || reading || sink.isClosed() || isFull()) {
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
            } catch (StoreException | RuntimeException e) {
                // One that is being stopped may fail in any way.
                page = null;
            }
        }
        synchronized (this) {
            reading = false;
            if (page == null) {
                return; // the store is being replaced: the next retry finds it
            }
            for (ConversationEvent event : page) {
                if (isFull()) {
                    return; // goes on when the reader has taken these
                }
                if (event.seq() == sent + 1 && sink.take(event)) {
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
}
