package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.store.ConversationStore;
import org.rungpt.api.store.StoreException;

/** The contract passes what keeps it and finds each promise that is broken. */
final class ConversationStoreContractTest {
    private static Supplier<ConversationStore> make;

    static final class Case extends ConversationStoreContract {
        private ConversationStore store = make.get();

        @Override
        protected ConversationStore store() {
            return store;
        }

        @Override
        protected ConversationStore reopen() {
            if (store instanceof Forgetful) {
                store = make.get();
            }
            return store;
        }
    }

    @Test
    void passesAStoreThatKeepsTheContract() {
        make = MemoryConversationStore::new;
        assertThat(ContractRun.failures(Case.class)).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("broken")
    void findsABrokenStore(String defect, Supplier<ConversationStore> broken, String test) {
        make = broken;
        assertThat(ContractRun.failures(Case.class)).as(defect).contains(test + "()");
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                broken("forgets at a restart", Forgetful::new, "keepsEverythingOverARestart"),
                broken("one counter for all", OneCounter::new, "numbersEventsOfEachConversationFromOneWithoutGaps"),
                broken("last events first", LastFirst::new, "readsOnAfterASequenceNumberAndNoMoreThanAsked"),
                broken("lists in order of creation", ByCreation::new, "listsTheMostRecentlyUpdatedFirst"),
                broken("overwrites on create", Overwrites::new, "refusesASecondConversationWithTheSameId"),
                broken("makes what is missing", MakesMissing::new, "refusesToAppendToWhatIsNotThere"),
                broken("waiting is not busy", WaitingIsIdle::new, "tellsWhichConversationsAreBusy"),
                broken("delete keeps events", KeepsEvents::new, "deletesAConversationWithItsEvents"),
                broken("a change resets the title", ResetsTitle::new, "changesOnlyWhatTheChangeNames"),
                broken("trims data", Trims::new, "givesBackEventsAsTheyWereAppended"),
                broken("not for threads", Racy::new, "manyThreadsMayAppendToOneConversation"));
    }

    private static Arguments broken(String defect, Supplier<ConversationStore> store, String test) {
        return Arguments.of(defect, store, test);
    }

    private static final class Forgetful extends MemoryConversationStore {}

    private static final class OneCounter extends MemoryConversationStore {
        private long seq;

        @Override
        public synchronized List<ConversationEvent> append(String id, List<NewEvent> events, Change change)
                throws StoreException {
            return super.append(id, events, change).stream()
                    .map(e -> new ConversationEvent(id, ++seq, e.at(), e.type(), e.data()))
                    .toList();
        }
    }

    private static final class LastFirst extends MemoryConversationStore {
        @Override
        public synchronized List<ConversationEvent> events(String id, long after, int limit) throws StoreException {
            return super.events(id, after, 10_000).stream()
                    .sorted((a, b) -> Long.compare(b.seq(), a.seq()))
                    .limit(limit)
                    .toList();
        }
    }

    private static final class ByCreation extends MemoryConversationStore {
        @Override
        public synchronized List<Conversation> list(Instant updatedBefore, int limit) {
            return conversations.values().stream().limit(limit).toList();
        }
    }

    private static final class Overwrites extends MemoryConversationStore {
        @Override
        public synchronized void create(Conversation conversation) throws StoreException {
            delete(conversation.id());
            super.create(conversation);
        }
    }

    private static final class MakesMissing extends MemoryConversationStore {
        @Override
        public synchronized List<ConversationEvent> append(String id, List<NewEvent> events, Change change)
                throws StoreException {
            if (find(id).isEmpty()) {
                Instant now = Instant.now();
                create(new Conversation(id, id, now, now, Conversation.State.IDLE, "m", "tags", 0));
            }
            return super.append(id, events, change);
        }
    }

    private static final class WaitingIsIdle extends MemoryConversationStore {
        @Override
        public synchronized List<Conversation> busy() {
            return conversations.values().stream()
                    .filter(c -> c.state() == Conversation.State.RUNNING)
                    .toList();
        }
    }

    private static final class KeepsEvents extends MemoryConversationStore {
        @Override
        public synchronized void delete(String id) {
            conversations.remove(id);
        }
    }

    private static final class ResetsTitle extends MemoryConversationStore {
        @Override
        public synchronized List<ConversationEvent> append(String id, List<NewEvent> events, Change change)
                throws StoreException {
            String title = change.title() == null ? "" : change.title();
            return super.append(id, events, new Change(change.state(), title, null, change.protocol()));
        }
    }

    private static final class Trims extends MemoryConversationStore {
        @Override
        public synchronized List<ConversationEvent> append(String id, List<NewEvent> events, Change change)
                throws StoreException {
            return super.append(
                    id,
                    events.stream()
                            .map(e -> new NewEvent(e.type(), e.data().replace("\ud83d\ude80", "?")))
                            .toList(),
                    change);
        }
    }

    /** Who comes after another thread has not seen what that one appended. */
    private static final class Racy extends MemoryConversationStore {
        private Thread previous = Thread.currentThread();

        @Override
        public synchronized List<ConversationEvent> append(String id, List<NewEvent> events, Change change)
                throws StoreException {
            long unseen = previous == Thread.currentThread() ? 0 : 1;
            previous = Thread.currentThread();
            return super.append(id, events, change).stream()
                    .map(e -> new ConversationEvent(id, e.seq() - unseen, e.at(), e.type(), e.data()))
                    .toList();
        }
    }
}
