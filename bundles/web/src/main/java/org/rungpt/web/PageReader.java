package org.rungpt.web;

import org.rungpt.api.chat.ConversationEvent;

/** Who reads the events of a conversation as they are. Who takes nothing while much happens is cut, and can resume where he was. */
record PageReader(EventClient client) implements EventSink {
    /** What may wait for who takes nothing, in bytes. */
    private static final int MOST_WAITING = 1 << 20;

    @Override
    public boolean take(ConversationEvent event) {
        return client.send(EventFrames.of(event));
    }

    @Override
    public void hear(TransientEvent event) {
        client.send(event.frame());
    }

    @Override
    public int queuedBytes() {
        return client.queuedBytes();
    }

    @Override
    public long writtenBytes() {
        return client.writtenBytes();
    }

    @Override
    public void behind(long bytes) {
        if (client.queuedBytes() + bytes > MOST_WAITING) {
            client.close();
        }
    }

    @Override
    public void beat() {
        client.heartbeat();
    }

    @Override
    public boolean isClosed() {
        return client.isClosed();
    }

    @Override
    public void close() {
        client.close();
    }
}
