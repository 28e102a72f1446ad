package org.rungpt.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.store.ConversationStore.Change;
import org.rungpt.api.store.StoreException;

/** Many at once, and much. */
final class LoadTest {
    @TempDir
    Path directory;

    private ExecutorService pool;

    @BeforeEach
    void start() {
        pool = Executors.newCachedThreadPool();
    }

    @AfterEach
    void stop() {
        pool.shutdownNow();
    }

    @Test
    @DisplayName("F.72 a hundred threads write to one conversation")
    void aHundredThreadsWriteToOneConversation() throws Exception {
        int threads = 100;
        SqliteStore store = Stores.open(directory);
        try {
            store.create(Stores.conversation("c1"));
            CyclicBarrier start = new CyclicBarrier(threads);
            List<Future<List<ConversationEvent>>> writers = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                writers.add(pool.submit(() -> {
                    start.await(1, TimeUnit.MINUTES);
                    List<ConversationEvent> mine = new ArrayList<>();
                    for (int i = 0; i < 10; i++) {
                        mine.addAll(store.append("c1", List.of(Stores.event("m" + i)), Change.NONE));
                    }
                    return mine;
                }));
            }
            List<ConversationEvent> acknowledged = new ArrayList<>();
            for (Future<List<ConversationEvent>> writer : writers) {
                acknowledged.addAll(writer.get(2, TimeUnit.MINUTES));
            }
            List<ConversationEvent> stored = store.events("c1", 0, 10_000);
            assertThat(stored).hasSize(1000).containsExactlyInAnyOrderElementsOf(acknowledged);
            assertThat(stored).isSortedAccordingTo((a, b) -> a.at().compareTo(b.at()));
            assertThat(stored.get(999).seq()).isEqualTo(1000);
        } finally {
            store.close();
        }
    }

    @Test
    void oneThatFailsDoesNotSpoilTheOthersOfItsGroup() throws Exception {
        Database database = Database.open(directory, Schema.current(), Clock.systemUTC());
        try {
            CountDownLatch hold = new CountDownLatch(1);
            Future<?> first = pool.submit(() -> database.write(session -> {
                Uninterrupted.await(10, nanos -> hold.await(nanos, TimeUnit.NANOSECONDS));
                return true;
            }));
            List<Future<Boolean>> group = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String key = "k" + i;
                boolean bad = i == 7;
                group.add(pool.submit(() -> database.write(session -> {
                    SettingSql.put(session, key, "1");
                    if (bad) {
                        session.update(
                                "insert into event (conversation, seq, at, type, data) values (99, 1, 1, '', '')");
                    }
                    return true;
                })));
            }
            hold.countDown();
            first.get(1, TimeUnit.MINUTES);
            int failed = 0;
            for (Future<Boolean> one : group) {
                try {
                    one.get(1, TimeUnit.MINUTES);
                } catch (java.util.concurrent.ExecutionException e) {
                    assertThat(e).hasCauseInstanceOf(StoreException.class);
                    failed++;
                }
            }
            assertThat(failed).isEqualTo(1);
            int kept = database.read(session -> session.number("select count(*) from setting"));
            assertThat(kept).isEqualTo(19);
            assertThat(database.problem()).isEmpty();
        } finally {
            database.close();
        }
    }

    @Test
    @DisplayName("F.71 a copy made while fifty write holds what was acknowledged before")
    void aCopyMadeWhileFiftyWriteHoldsWhatWasAcknowledgedBefore() throws Exception {
        Database database = Database.open(directory, Schema.current(), Clock.systemUTC());
        try {
            Set<String> acknowledged = ConcurrentHashMap.newKeySet();
            AtomicBoolean done = new AtomicBoolean();
            CountDownLatch running = new CountDownLatch(50);
            List<Future<?>> writers = new ArrayList<>();
            for (int t = 0; t < 50; t++) {
                String name = "t" + t + "-";
                writers.add(pool.submit(() -> {
                    for (int i = 0; !done.get(); i++) {
                        String key = name + i;
                        database.write(session -> {
                            SettingSql.put(session, key, "1");
                            return true;
                        });
                        acknowledged.add(key);
                        running.countDown();
                    }
                    return true;
                }));
            }
            assertThat(running.await(1, TimeUnit.MINUTES)).isTrue();
            Set<String> before = Set.copyOf(acknowledged);
            Path copy = database.backUp(null);
            done.set(true);
            for (Future<?> writer : writers) {
                writer.get(1, TimeUnit.MINUTES);
            }
            try (Session session = Session.open(copy.resolve("conversations.db"))) {
                assertThat(session.text("pragma integrity_check")).isEqualTo("ok");
                assertThat(SettingSql.withPrefix(session, "").keySet()).containsAll(before);
            }
        } finally {
            database.close();
        }
    }

    @Test
    void aSwapUnderLoadLosesNothingAndTellsOfTheGap() throws Exception {
        SqliteStore[] current = {Stores.open(directory)};
        current[0].create(Stores.conversation("c1"));
        AtomicBoolean done = new AtomicBoolean();
        List<Future<Long>> writers = new ArrayList<>();
        for (int t = 0; t < 8; t++) {
            writers.add(pool.submit(() -> {
                long acknowledged = 0;
                while (!done.get()) {
                    SqliteStore store;
                    synchronized (current) {
                        store = current[0];
                    }
                    try {
                        store.append("c1", List.of(Stores.event("m")), Change.NONE);
                        acknowledged++;
                    } catch (StoreException e) {
                        assertThat(e.kind()).isEqualTo(StoreException.Kind.UNAVAILABLE);
                        Thread.yield();
                    }
                }
                return acknowledged;
            }));
        }
        for (int swap = 0; swap < 10; swap++) {
            SqliteStore old = current[0];
            old.close();
            SqliteStore successor = Stores.open(directory);
            synchronized (current) {
                current[0] = successor;
            }
            successor.append("c1", List.of(Stores.event("swap")), Change.NONE);
        }
        done.set(true);
        long acknowledged = 10;
        for (Future<Long> writer : writers) {
            acknowledged += writer.get(1, TimeUnit.MINUTES);
        }
        assertThat(current[0].find("c1").orElseThrow().lastSeq()).isEqualTo(acknowledged);
        current[0].close();
    }

    @Test
    @DisplayName("F.73 much is read fast")
    void muchIsReadFast() throws Exception {
        SqliteStore store = Stores.open(directory);
        try {
            for (int c = 0; c < 200; c++) {
                Conversation conversation = Stores.conversation("c" + c);
                store.create(conversation);
                store.append("c" + c, Collections.nCopies(500, Stores.event("x".repeat(100))), Change.NONE);
            }
            store.append("c7", List.of(Stores.event("y".repeat(20_000_000))), Change.NONE);

            Duration listed = Stores.time(() -> {
                assertThat(store.busy()).isEmpty();
                return assertThat(store.list(null, 1000)).hasSize(200);
            });
            Duration read =
                    Stores.time(() -> assertThat(store.events("c7", 0, 10_000)).hasSize(501));
            assertThat(listed).isLessThan(Duration.ofMillis(300));
            assertThat(read).isLessThan(Duration.ofSeconds(1));
        } finally {
            store.close();
        }
    }
}
