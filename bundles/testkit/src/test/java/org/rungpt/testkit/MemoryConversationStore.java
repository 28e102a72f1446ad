package org.rungpt.testkit;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.store.ConversationStore;
import org.rungpt.api.store.StoreException;

/** Keeps the contract in memory, so that a test can break one promise at a time. */
class MemoryConversationStore implements ConversationStore {
    final Map<String, Conversation> conversations = new LinkedHashMap<>();
    final Map<String, List<ConversationEvent>> logs = new LinkedHashMap<>();
    private Instant last = Instant.now();

    @Override
    public synchronized void create(Conversation conversation) throws StoreException {
        if (conversations.putIfAbsent(conversation.id(), conversation) != null) {
            throw new StoreException(StoreException.Kind.BROKEN, "There is one already");
        }
        logs.put(conversation.id(), new ArrayList<>());
    }

    @Override
    public synchronized Optional<Conversation> find(String id) throws StoreException {
        return Optional.ofNullable(conversations.get(id));
    }

    @Override
    public synchronized List<Conversation> list(Instant updatedBefore, int limit) throws StoreException {
        return conversations.values().stream()
                .filter(c -> updatedBefore == null || c.updated().isBefore(updatedBefore))
                .sorted(Comparator.comparing(Conversation::updated).reversed())
                .limit(limit)
                .toList();
    }

    @Override
    public synchronized List<Conversation> busy() throws StoreException {
        return conversations.values().stream()
                .filter(c -> c.state() != Conversation.State.IDLE)
                .toList();
    }

    @Override
    public synchronized List<ConversationEvent> append(String id, List<NewEvent> events, Change change)
            throws StoreException {
        Conversation c = conversations.get(id);
        if (c == null) {
            throw new StoreException(StoreException.Kind.NOT_FOUND, "No such conversation");
        }
        last = last.plusNanos(1000);
        Instant updated = events.isEmpty() ? c.updated() : last;
        List<ConversationEvent> appended = new ArrayList<>();
        for (NewEvent event : events) {
            appended.add(
                    new ConversationEvent(id, c.lastSeq() + appended.size() + 1, updated, event.type(), event.data()));
        }
        logs.get(id).addAll(appended);
        conversations.put(
                id,
                new Conversation(
                        id,
                        change.title() == null ? c.title() : change.title(),
                        c.created(),
                        updated,
                        change.state() == null ? c.state() : change.state(),
                        change.model() == null ? c.model() : change.model(),
                        change.protocol() == null ? c.protocol() : change.protocol(),
                        c.lastSeq() + events.size()));
        return appended;
    }

    @Override
    public synchronized List<ConversationEvent> events(String id, long after, int limit) throws StoreException {
        return logs.getOrDefault(id, List.of()).stream()
                .filter(e -> e.seq() > after)
                .limit(limit)
                .toList();
    }

    @Override
    public synchronized void delete(String id) throws StoreException {
        conversations.remove(id);
        logs.remove(id);
    }
}
