package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.Conversation.State;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.store.ConversationStore;
import org.rungpt.api.store.ConversationStore.Change;
import org.rungpt.api.store.ConversationStore.NewEvent;
import org.rungpt.api.store.StoreException;

/** What every {@link ConversationStore} does. */
public abstract class ConversationStoreContract {
    private static final Instant T0 = Instant.parse("2026-01-02T03:04:05.678901Z");

    /** The store under test, empty when the test begins. */
    protected abstract ConversationStore store() throws Exception;

    /** Ends the store as a restart would and opens its successor on the same data. */
    protected abstract ConversationStore reopen() throws Exception;

    @Test
    void findsWhatWasCreated() throws Exception {
        Conversation conversation = conversation("c1", T0);
        store().create(conversation);

        assertThat(store().find("c1")).contains(conversation);
        assertThat(store().find("c2")).isEmpty();
    }

    @Test
    void numbersEventsOfEachConversationFromOneWithoutGaps() throws Exception {
        store().create(conversation("c1", T0));
        store().create(conversation("c2", T0));

        List<ConversationEvent> first = store().append("c1", List.of(event("a"), event("b")), Change.NONE);
        store().append("c2", List.of(event("x")), Change.NONE);
        List<ConversationEvent> second = store().append("c1", List.of(event("c")), Change.NONE);

        assertThat(first).extracting(ConversationEvent::seq).containsExactly(1L, 2L);
        assertThat(second).extracting(ConversationEvent::seq).containsExactly(3L);
        assertThat(store().events("c2", 0, 10))
                .extracting(ConversationEvent::seq)
                .containsExactly(1L);
        assertThat(store().find("c1").orElseThrow().lastSeq()).isEqualTo(3);
    }

    @Test
    void givesBackEventsAsTheyWereAppended() throws Exception {
        store().create(conversation("c1", T0));
        String hard = "{\"text\":\"\u00e4 \ud83d\ude80 \\n '; drop table event; -- \\u0000 </arg>\"}";

        List<ConversationEvent> appended =
                store().append("c1", List.of(new NewEvent("message.user", hard), event("b")), Change.NONE);

        assertThat(store().events("c1", 0, 10)).isEqualTo(appended);
        assertThat(appended.get(0).data()).isEqualTo(hard);
        assertThat(appended.get(0).type()).isEqualTo("message.user");
        assertThat(appended.get(0).conversation()).isEqualTo("c1");
    }

    @Test
    void readsOnAfterASequenceNumberAndNoMoreThanAsked() throws Exception {
        store().create(conversation("c1", T0));
        for (int i = 1; i <= 7; i++) {
            store().append("c1", List.of(event("e" + i)), Change.NONE);
        }

        assertThat(store().events("c1", 2, 3))
                .extracting(ConversationEvent::seq)
                .containsExactly(3L, 4L, 5L);
        assertThat(store().events("c1", 7, 3)).isEmpty();
        assertThat(store().events("none", 0, 3)).isEmpty();
    }

    @Test
    void changesOnlyWhatTheChangeNames() throws Exception {
        store().create(conversation("c1", T0));

        store().append("c1", List.of(event("a")), new Change(null, "Another title", null, "native"));
        store().append("c1", List.of(event("b")), Change.state(State.RUNNING));

        Conversation now = store().find("c1").orElseThrow();
        assertThat(now.state()).isEqualTo(State.RUNNING);
        assertThat(now.title()).isEqualTo("Another title");
        assertThat(now.model()).isEqualTo("demo/demo");
        assertThat(now.protocol()).isEqualTo("native");
        assertThat(now.created()).isEqualTo(T0);
    }

    @Test
    void updatedIsTheTimeOfTheLastEvent() throws Exception {
        store().create(conversation("c1", T0));

        List<ConversationEvent> events = store().append("c1", List.of(event("a"), event("b")), Change.NONE);
        store().append("c1", List.of(), new Change(null, "Only a title", null, null));

        assertThat(store().find("c1").orElseThrow().updated())
                .isEqualTo(events.get(1).at())
                .isAfter(T0);
    }

    @Test
    void refusesToAppendToWhatIsNotThere() throws Exception {
        store().create(conversation("c1", T0));
        store().delete("c1");

        assertKind(StoreException.Kind.NOT_FOUND, () -> store().append("c1", List.of(event("a")), Change.NONE));
        assertKind(StoreException.Kind.NOT_FOUND, () -> store().append("c2", List.of(event("a")), Change.NONE));
        assertThat(store().find("c2")).isEmpty();
        assertThat(store().events("c2", 0, 10)).isEmpty();
    }

    @Test
    void listsTheMostRecentlyUpdatedFirst() throws Exception {
        for (int i = 1; i <= 5; i++) {
            store().create(conversation("c" + i, T0.plusSeconds(i)));
        }
        store().append("c2", List.of(event("a")), Change.NONE);

        assertThat(store().list(null, 10)).extracting(Conversation::id).containsExactly("c2", "c5", "c4", "c3", "c1");
        assertThat(store().list(null, 2)).extracting(Conversation::id).containsExactly("c2", "c5");
        assertThat(store().list(T0.plusSeconds(4), 10))
                .extracting(Conversation::id)
                .containsExactly("c3", "c1");
    }

    @Test
    void tellsWhichConversationsAreBusy() throws Exception {
        for (int i = 1; i <= 4; i++) {
            store().create(conversation("c" + i, T0.plusSeconds(i)));
        }
        store().append("c2", List.of(event("a")), Change.state(State.RUNNING));
        store().append("c3", List.of(event("a")), Change.state(State.WAITING));
        store().append("c4", List.of(event("a")), Change.state(State.RUNNING));
        store().append("c4", List.of(event("a")), Change.state(State.IDLE));

        assertThat(store().busy()).extracting(Conversation::id).containsExactlyInAnyOrder("c2", "c3");
    }

    @Test
    void deletesAConversationWithItsEvents() throws Exception {
        store().create(conversation("c1", T0));
        store().create(conversation("c2", T0));
        store().append("c1", List.of(event("a")), Change.NONE);
        store().append("c2", List.of(event("b")), Change.NONE);

        store().delete("c1");
        store().delete("c1");

        assertThat(store().find("c1")).isEmpty();
        assertThat(store().events("c1", 0, 10)).isEmpty();
        assertThat(store().list(null, 10)).extracting(Conversation::id).containsExactly("c2");
        assertThat(store().events("c2", 0, 10)).hasSize(1);
    }

    @Test
    void refusesASecondConversationWithTheSameId() throws Exception {
        store().create(conversation("c1", T0));
        store().append("c1", List.of(event("a")), Change.NONE);

        Throwable refused = catchThrowableOfType(Exception.class, () -> store().create(conversation("c1", T0)));

        assertThat(refused).isNotNull();
        assertThat(store().find("c1").orElseThrow().lastSeq()).isEqualTo(1);
    }

    @Test
    void keepsEverythingOverARestart() throws Exception {
        store().create(conversation("c1", T0));
        List<ConversationEvent> events =
                store().append("c1", List.of(event("a"), event("b")), Change.state(State.RUNNING));
        Conversation before = store().find("c1").orElseThrow();

        ConversationStore successor = reopen();

        assertThat(successor.find("c1")).contains(before);
        assertThat(successor.events("c1", 0, 10)).isEqualTo(events);
        assertThat(successor.append("c1", List.of(event("c")), Change.NONE))
                .extracting(ConversationEvent::seq)
                .containsExactly(3L);
    }

    @Test
    void manyThreadsMayAppendToOneConversation() throws Exception {
        int threads = 8;
        int each = 25;
        store().create(conversation("c1", T0));
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            CyclicBarrier start = new CyclicBarrier(threads);
            List<Future<List<ConversationEvent>>> writers = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                String name = "t" + t;
                writers.add(pool.submit(() -> {
                    start.await(1, TimeUnit.MINUTES);
                    List<ConversationEvent> mine = new ArrayList<>();
                    for (int i = 0; i < each; i++) {
                        mine.addAll(store().append("c1", List.of(event(name), event(name)), Change.NONE));
                    }
                    return mine;
                }));
            }
            List<ConversationEvent> acknowledged = new ArrayList<>();
            for (Future<List<ConversationEvent>> writer : writers) {
                List<ConversationEvent> mine = writer.get(2, TimeUnit.MINUTES);
                assertThat(mine).extracting(ConversationEvent::seq).isSorted();
                acknowledged.addAll(mine);
            }
            List<ConversationEvent> stored = store().events("c1", 0, 10_000);
            assertThat(stored).containsExactlyInAnyOrderElementsOf(acknowledged);
            for (int i = 0; i < stored.size(); i++) {
                assertThat(stored.get(i).seq()).isEqualTo(i + 1);
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private static void assertKind(StoreException.Kind kind, Callable<?> call) {
        StoreException thrown = catchThrowableOfType(StoreException.class, call::call);
        assertThat(thrown).isNotNull();
        assertThat(thrown.kind()).isEqualTo(kind);
        assertThat(thrown.getMessage()).isNotBlank().doesNotContain("\n");
    }

    private static NewEvent event(String name) {
        return new NewEvent("test." + name, "{\"name\":\"" + name + "\"}");
    }

    private static Conversation conversation(String id, Instant at) {
        return new Conversation(id, "Title of " + id, at, at, State.IDLE, "demo/demo", "tags", 0);
    }
}
