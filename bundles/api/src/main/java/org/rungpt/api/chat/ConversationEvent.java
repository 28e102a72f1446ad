package org.rungpt.api.chat;

import java.time.Instant;
import java.util.Objects;

/**
 * One event of a conversation's log.
 *
 * @param conversation the conversation's id
 * @param seq 1, 2, 3 … in each conversation, without gaps
 * @param at when it was appended
 * @param type one of {@link EventType}
 * @param data a JSON object as text; its fields are told at the type
 */
public record ConversationEvent(String conversation, long seq, Instant at, String type, String data) {
    public ConversationEvent {
        Objects.requireNonNull(conversation, "conversation");
        Objects.requireNonNull(at, "at");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(data, "data");
    }
}
