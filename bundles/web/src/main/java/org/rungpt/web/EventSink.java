package org.rungpt.web;

import org.rungpt.api.chat.ConversationEvent;

/** Somebody who is told what happens in a conversation, as fast as he takes it. */
interface EventSink {
    /** @return false if it was not taken, because this one is closed */
    boolean take(ConversationEvent event);

    /** Something that a stored event will say again. */
    void hear(TransientEvent event);

    /** How much waits to be written, in bytes. */
    int queuedBytes();

    /** How much was written in all, in bytes. */
    long writtenBytes();

    /** So much more waits in the store, of what happened since this one took anything. */
    void behind(long bytes);

    /** Every few seconds: time for a sign of life. */
    void beat();

    boolean isClosed();

    /** There is nothing more to tell: the conversation is gone, or this bundle stops. */
    void close();
}
