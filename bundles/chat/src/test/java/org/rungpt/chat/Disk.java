package org.rungpt.chat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.store.ConversationArchive.Labels;
import org.rungpt.api.store.ConversationStore;
import org.rungpt.api.store.Settings;
import org.rungpt.api.store.StoreException;

/** What outlives a process in these tests: conversations and settings. Each {@link #open()} is one life of a store. */
final class Disk {
    final Map<String, Conversation> conversations = new ConcurrentHashMap<>();
    final Map<String, List<ConversationEvent>> logs = new ConcurrentHashMap<>();
    final Map<String, Labels> labels = new ConcurrentHashMap<>();
    final Map<String, String> settings = new ConcurrentHashMap<>();

    Store open() {
        return new Store();
    }

    synchronized List<ConversationEvent> log(String conversation) {
        return List.copyOf(logs.getOrDefault(conversation, List.of()));
    }

    /** Puts a conversation here whose log ends early. */
    synchronized void put(Conversation conversation, List<ConversationEvent> log) {
        var state = new ConversationState(conversation.model(), conversation.protocol());
        log.forEach(event -> state.apply(event.type(), Json.object(event.data())));
        conversations.put(conversation.id(), with(conversation, state.doing(), log.size()));
        logs.put(conversation.id(), new ArrayList<>(log));
    }

    private static Conversation with(Conversation c, Conversation.State state, long seq) {
        return new Conversation(c.id(), c.title(), c.created(), Instant.now(), state, c.model(), c.protocol(), seq);
    }

    /** One life of a store. */
    final class Store implements ConversationStore, Settings {
        private StoreException.Kind failure;
        private StoreException.Kind deleteFailure;
        private int appendsLeft = Integer.MAX_VALUE;
        private boolean commitsTheLast;
        private boolean full;

        /** From now on it appends nothing, and does the rest. */
        void fill() {
            synchronized (Disk.this) {
                full = true;
            }
        }

        /** From now on it fails so. */
        void fail(StoreException.Kind kind) {
            synchronized (Disk.this) {
                failure = kind;
            }
        }

        /** From now on it deletes nothing, or again with null. */
        void failDelete(StoreException.Kind kind) {
            synchronized (Disk.this) {
                deleteFailure = kind;
            }
        }

        /** It works again, as when the disk has room again. */
        void heal() {
            synchronized (Disk.this) {
                failure = null;
            }
        }

        /** Dies at an append, before or after it was done. */
        void dieAtAppend(int number, boolean afterwards) {
            synchronized (Disk.this) {
                appendsLeft = number - 1;
                commitsTheLast = afterwards;
            }
        }

        boolean isDead() {
            synchronized (Disk.this) {
                return failure != null;
            }
        }

        private void check() throws StoreException {
            if (failure != null) {
                throw new StoreException(failure, "the store is gone");
            }
        }

        @Override
        public void create(Conversation conversation) throws StoreException {
            synchronized (Disk.this) {
                check();
                conversations.put(conversation.id(), conversation);
                logs.put(conversation.id(), new ArrayList<>());
            }
        }

        @Override
        public Optional<Conversation> find(String id) throws StoreException {
            synchronized (Disk.this) {
                check();
                return Optional.ofNullable(conversations.get(id));
            }
        }

        @Override
        public List<Conversation> list(Instant updatedBefore, int limit) throws StoreException {
            synchronized (Disk.this) {
                check();
                return conversations.values().stream()
                        .sorted(Comparator.comparing(Conversation::updated).reversed())
                        .limit(limit)
                        .toList();
            }
        }

        @Override
        public List<Conversation> busy() throws StoreException {
            synchronized (Disk.this) {
                check();
                return conversations.values().stream()
                        .filter(one -> one.state() != Conversation.State.IDLE)
                        .toList();
            }
        }

        @Override
        public List<ConversationEvent> append(String conversation, List<NewEvent> events, Change change)
                throws StoreException {
            synchronized (Disk.this) {
                check();
                if (full) {
                    throw new StoreException(StoreException.Kind.BROKEN, "the disk is full");
                }
                if (appendsLeft-- <= 0) {
                    failure = StoreException.Kind.BROKEN;
                    if (!commitsTheLast) {
                        check();
                    }
                }
                Conversation before = conversations.get(conversation);
                if (before == null) {
                    throw new StoreException(StoreException.Kind.NOT_FOUND, "no such conversation");
                }
                List<ConversationEvent> log = logs.get(conversation);
                var appended = new ArrayList<ConversationEvent>();
                for (NewEvent event : events) {
                    appended.add(new ConversationEvent(
                            conversation,
                            log.size() + 1L,
                            event.at() == null ? Instant.now() : event.at(),
                            event.type(),
                            event.data()));
                    log.add(appended.get(appended.size() - 1));
                }
                conversations.put(
                        conversation,
                        new Conversation(
                                conversation,
                                change.title() == null ? before.title() : change.title(),
                                before.created(),
                                Instant.now(),
                                change.state() == null ? before.state() : change.state(),
                                change.model() == null ? before.model() : change.model(),
                                change.protocol() == null ? before.protocol() : change.protocol(),
                                log.size()));
                check();
                return appended;
            }
        }

        @Override
        public List<ConversationEvent> events(String conversation, long after, int limit) throws StoreException {
            synchronized (Disk.this) {
                check();
                return log(conversation).stream()
                        .filter(event -> event.seq() > after)
                        .limit(limit)
                        .toList();
            }
        }

        @Override
        public void delete(String conversation) throws StoreException {
            synchronized (Disk.this) {
                check();
                if (deleteFailure != null) {
                    throw new StoreException(deleteFailure, "the disk is full");
                }
                conversations.remove(conversation);
                logs.remove(conversation);
            }
        }

        @Override
        public Optional<String> get(String key) throws StoreException {
            synchronized (Disk.this) {
                check();
                return Optional.ofNullable(settings.get(key));
            }
        }

        @Override
        public Map<String, String> withPrefix(String prefix) {
            var found = new TreeMap<>(settings);
            found.keySet().removeIf(key -> !key.startsWith(prefix));
            return found;
        }

        @Override
        public void put(String key, String json) throws StoreException {
            synchronized (Disk.this) {
                check();
                settings.put(key, json);
            }
        }

        @Override
        public void remove(String key) {
            settings.remove(key);
        }
    }
}
