package org.rungpt.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.rungpt.api.chat.Conversations;

/** Many at the door at once. */
final class DoorTurnsTest {
    private static final int MANY = 300;

    private final Services services = new Services();
    private final EventStreams streams = new EventStreams(services);
    private final DoorTurns turns = new DoorTurns(services, streams);

    @AfterEach
    void close() {
        turns.stop();
        streams.stop();
    }

    @Test
    void conversationsThatEndInTheSameMomentShareAFewThreadsAndAllGo() throws InterruptedException {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        var store = new CountDownLatch(1);
        var deleted = new CountDownLatch(MANY);
        services.bindConversations(StandIns.of(Conversations.class, (self, method, values) -> {
            threads.add(Thread.currentThread());
            assertThat(store.await(1, TimeUnit.MINUTES)).isTrue();
            deleted.countDown();
            return null;
        }));
        DoorTurn.Reader reader = StandIns.of(DoorTurn.Reader.class, (self, method, values) -> 0);
        for (int i = 0; i < MANY; i++) {
            turns.leave("c" + i, new DoorTurn("m" + i, reader), true);
        }

        store.countDown();
        assertThat(deleted.await(1, TimeUnit.MINUTES)).isTrue();
        assertThat(threads).hasSizeLessThanOrEqualTo(DoorTurns.MOST_DECIDING);
    }
}
