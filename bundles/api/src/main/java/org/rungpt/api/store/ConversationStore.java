package org.rungpt.api.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;

/**
 * Keeps conversations as append-only event logs. What a method has returned from is durable: it survives a crash of the process
 * and, if the disk keeps its word, of the machine. Any thread. It does not know what the events mean.
 */
@ConsumerType
public interface ConversationStore {
    /** Makes a conversation. */
    void create(Conversation conversation) throws StoreException;

    /** One conversation. */
    Optional<Conversation> find(String id) throws StoreException;

    /**
     * Conversations, the most recently updated first.
     *
     * @param updatedBefore only those updated before; null for the newest
     * @param limit at most so many, 1 to 1000
     */
    List<Conversation> list(@Nullable Instant updatedBefore, int limit) throws StoreException;

    /** Every conversation that is not idle, for recovery after a restart. */
    List<Conversation> busy() throws StoreException;

    /**
     * Appends events and changes the conversation, all or nothing.
     *
     * @return the events with their sequence numbers and times
     * @throws StoreException of kind {@code NOT_FOUND} if there is no such conversation
     */
    List<ConversationEvent> append(String conversation, List<NewEvent> events, Change change) throws StoreException;

    /** The events after a sequence number, in order, at most {@code limit} (1 to 10,000) of them. */
    List<ConversationEvent> events(String conversation, long after, int limit) throws StoreException;

    /** Deletes a conversation and its events for good. Harmless if there is none. */
    void delete(String conversation) throws StoreException;

    /**
     * An event to be appended.
     *
     * @param data a JSON object as text
     * @param searchText what this event is found by; null if by nothing
     * @param at when it happened, if that was before; null for now. The conversation counts as updated then
     */
    record NewEvent(
            String type,
            String data,
            @Nullable String searchText,
            @Nullable Instant at) {
        /** An event that happens now. */
        public NewEvent(String type, String data, @Nullable String searchText) {
            this(type, data, searchText, null);
        }

        /** An event that happens now, and that no search finds. */
        public NewEvent(String type, String data) {
            this(type, data, null);
        }
    }

    /** What changes in the conversation itself; null leaves as it is. */
    record Change(
            Conversation.@Nullable State state,
            @Nullable String title,
            @Nullable String model,
            @Nullable String protocol) {
        public static final Change NONE = new Change(null, null, null, null);

        /** Only another state. */
        public static Change state(Conversation.State state) {
            return new Change(state, null, null, null);
        }
    }
}
