package org.rungpt.api.store;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.store.ConversationStore.NewEvent;

/**
 * Finds, labels, branches and copies kept conversations. What a method has returned from is durable. Any thread. What can be found is what
 * came with the events as search text: the store does not know what events mean.
 */
@ConsumerType
public interface ConversationArchive {
    /**
     * How a user has marked a conversation.
     *
     * @param tags at most 20, in order, each 1 to 40 characters without control characters
     */
    record Labels(boolean pinned, boolean archived, List<String> tags) {
        public static final Labels NONE = new Labels(false, false, List.of());

        /** @throws IllegalArgumentException if a tag is none; the message says why */
        public Labels {
            tags = tags.stream().map(String::strip).distinct().sorted().toList();
            if (tags.size() > 20) {
                throw new IllegalArgumentException("a conversation has at most 20 tags");
            }
            for (String tag : tags) {
                if (tag.isEmpty()
                        || tag.length() > 40
                        || tag.chars()
                                .anyMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT)) {
                    throw new IllegalArgumentException(
                            "a tag has 1 to 40 characters, none of them a control character");
                }
            }
        }
    }

    /**
     * Where a branch leaves another conversation.
     *
     * @param conversation the other one's id
     * @param seq its last event that both share; 0 if they share none
     */
    record Origin(String conversation, long seq) {
        public Origin {
            Objects.requireNonNull(conversation, "conversation");
        }
    }

    /** A conversation with its labels. */
    record Entry(
            Conversation conversation,
            Labels labels,
            @Nullable Origin origin) {
        public Entry {
            Objects.requireNonNull(conversation, "conversation");
            Objects.requireNonNull(labels, "labels");
        }
    }

    /** Which conversations a list holds. */
    enum Which {
        /** Those that are not archived. */
        CURRENT,
        PINNED,
        ARCHIVED,
        ALL
    }

    /** Characters of a snippet that the query fits: from the first to before the last, in UTF-16 code units. */
    record Range(int start, int end) {}

    /**
     * A place that fits a query.
     *
     * @param seq the event that it was found with; 0 for the title
     * @param snippet some text around it
     */
    record Hit(Entry entry, long seq, String snippet, List<Range> ranges) {
        public Hit {
            Objects.requireNonNull(entry, "entry");
            Objects.requireNonNull(snippet, "snippet");
            ranges = List.copyOf(ranges);
        }
    }

    /** One conversation. */
    Optional<Entry> entry(String id) throws StoreException;

    /**
     * Conversations, the most recently updated first.
     *
     * @param tag only those that have it; null for any
     * @param updatedBefore only those updated before; null for the newest
     * @param limit at most so many, 1 to 1000
     */
    List<Entry> list(Which which, @Nullable String tag, @Nullable Instant updatedBefore, int limit)
            throws StoreException;

    /**
     * Changes the labels; nobody else's change comes between. It does not count as an update.
     *
     * @param change what becomes of the labels; quick, for others wait. It may be asked again. If it throws an
     *     {@link IllegalArgumentException}, this does too, and nothing changes
     * @return the conversation with its new labels
     * @throws StoreException of kind {@code NOT_FOUND} if there is no such conversation
     */
    Entry label(String id, UnaryOperator<Labels> change) throws StoreException;

    /**
     * Finds words, also begun ones at the end, and "phrases in quotation marks", whatever their case and accents; the newest first. All
     * words must be in one message or output.
     *
     * @param limit at most so many, 1 to 200
     */
    List<Hit> search(String query, int limit) throws StoreException;

    /**
     * Makes a conversation that begins with the events of another one up to a sequence number. They are shared, not copied, and stay when the
     * other one is deleted.
     *
     * @param made the new one; its {@code lastSeq} is ignored
     * @param events what comes after them in the new one, all or nothing with it
     * @throws StoreException of kind {@code NOT_FOUND} if there is no such conversation or event
     */
    void branch(Conversation made, Origin origin, List<NewEvent> events) throws StoreException;

    /** Makes a conversation that has nothing yet but what it shares. */
    default void branch(Conversation made, Origin origin) throws StoreException {
        branch(made, origin, List.of());
    }

    /** The conversation, all that it came from, and all branches of those, by time of creation. */
    List<Entry> family(String id) throws StoreException;

    /** Ids of conversations that were kept before there was search, or indexed by an earlier version, at most {@code limit} of them. */
    List<String> unindexed(int limit) throws StoreException;

    /** Gives a conversation the search texts of its own events, by sequence number; other events keep theirs. */
    void index(String conversation, Map<Long, String> texts) throws StoreException;

    /**
     * Copies everything of the conversations as it is now while work goes on, with the files that they name; only the owner may read the copy.
     *
     * @param directory a new directory on the server's machine; null for one in the directory of backups
     * @return the copy, complete and found sound
     */
    Path backUp(@Nullable Path directory) throws StoreException;

    /** Reads everything. @return what is damaged, one line each; empty if all is sound */
    List<String> check() throws StoreException;
}
