package org.rungpt.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.store.ConversationStore;

class ConversationStreamTest {
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private final LogStore store = new LogStore();
    private final Services services = new Services();
    private final Reader reader = new Reader();

    private ConversationStream stream(long after) {
        return new ConversationStream(services, tasks::add, "c", after, reader);
    }

    private void runAll() {
        while (!tasks.isEmpty()) {
            try {
                tasks.poll().run();
            } catch (IllegalStateException e) {
                // as an executor: it runs the next one
            }
        }
    }

    @Test
    void readsWhatWasStoredAndThenWhatHappens() {
        services.bindStore(store);
        store.add(3);
        ConversationStream stream = stream(1);
        stream.catchUp();
        runAll();
        stream.appended(store.add(1));
        assertThat(reader.ids()).containsExactly(2L, 3L, 4L);
    }

    @Test
    void tellsTransientEventsOnlyWhenLive() {
        services.bindStore(store);
        ConversationStream stream = stream(0);
        stream.transientEvent(new TransientEvent("message.delta", "{}"));
        stream.catchUp();
        runAll();
        stream.transientEvent(new TransientEvent("message.delta", "{\"text\":\"x\"}"));
        assertThat(reader.frames).containsExactly("data: {\"type\":\"message.delta\",\"data\":{\"text\":\"x\"}}\n\n");
    }

    @Test
    @DisplayName("G.86 a reader that is slow gets a long log piece by piece")
    void aReaderThatIsSlowGetsALongLogPieceByPiece() {
        services.bindStore(store);
        store.add(1200);
        reader.slow = true;
        ConversationStream stream = stream(0);
        int pieces = 0;
        while (reader.ids().size() < 1200) {
            reader.queued = 0;
            stream.catchUp();
            runAll();
            assertThat(reader.queued).as("what waits for the reader").isLessThan(1 << 20);
            pieces++;
        }
        assertThat(pieces).isGreaterThan(10);
        assertThat(reader.ids())
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, 1200).boxed().toList());
    }

    @Test
    @DisplayName("G.86 a burst waits in the store, not for the reader, and none of it is lost")
    void aBurstWaitsInTheStore() {
        services.bindStore(store);
        ConversationStream stream = stream(0);
        stream.catchUp();
        runAll();
        reader.slow = true;
        for (int i = 0; i < 500; i++) {
            stream.transientEvent(new TransientEvent("message.delta", "{}"));
            stream.appended(store.add(1));
            assertThat(reader.queued).as("what waits for the reader").isLessThan(512 << 10);
        }
        assertThat(reader.behind).as("what waits in the store").isPositive();
        while (reader.ids().size() < 500) {
            reader.drain();
            stream.catchUp();
            runAll();
        }
        reader.drain();
        stream.transientEvent(new TransientEvent("message.delta", "{\"text\":\"live again\"}"));
        assertThat(reader.ids())
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, 500).boxed().toList());
        assertThat(reader.frames.get(reader.frames.size() - 1)).contains("live again");
    }

    @Test
    @DisplayName("G.86 what is behind counts from the last that the reader took")
    void whatIsBehindCountsFromTheLastThatTheReaderTook() {
        services.bindStore(store);
        ConversationStream stream = stream(0);
        stream.catchUp();
        runAll();
        reader.queued = 1 << 20;
        stream.appended(store.add(1));
        stream.appended(store.add(1));
        assertThat(reader.behind).isEqualTo(4);
        reader.written++;
        stream.appended(store.add(1));
        assertThat(reader.behind).isEqualTo(2);
    }

    @Test
    void waitsForAStoreThatIsBeingReplaced() {
        store.add(2);
        ConversationStream stream = stream(0);
        stream.catchUp();
        runAll();
        assertThat(reader.ids()).isEmpty();
        services.bindStore(store);
        stream.catchUp();
        runAll();
        assertThat(reader.ids()).containsExactly(1L, 2L);
    }

    @Test
    void aStoreThatFailsInAnyWayIsReadAgain() {
        services.bindStore(store);
        store.add(2);
        store.failure = new IllegalStateException("stopped");
        ConversationStream stream = stream(0);
        stream.catchUp();
        runAll();
        store.failure = null;
        stream.catchUp();
        runAll();
        assertThat(reader.ids()).containsExactly(1L, 2L);
    }

    @Property(tries = 300)
    @Label("G.84 every event comes once and in order however things interleave")
    void everyEventComesOnceAndInOrderHoweverThingsInterleave(
            @ForAll long seed, @ForAll @IntRange(min = 0, max = 1200) int before) {
        new ConversationStreamTest().interleave(new Random(seed), before);
    }

    private void interleave(Random random, int before) {
        services.bindStore(store);
        store.add(before);
        ConversationStream stream = stream(0);
        for (int step = 0; step < 60; step++) {
            switch (random.nextInt(5)) {
                case 0 -> stream.catchUp();
                case 1 -> {
                    if (!tasks.isEmpty()) {
                        tasks.poll().run();
                    }
                }
                case 2 -> stream.appended(store.add(1));
                case 3 -> store.add(1 + random.nextInt(2)); // nobody told us of these
                default -> stream.transientEvent(new TransientEvent("message.delta", "{}"));
            }
        }
        stream.appended(store.add(1));
        stream.catchUp();
        runAll();
        assertThat(reader.ids())
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, store.events.size()).boxed().toList());
    }

    private static final class Reader implements EventSink {
        final List<String> frames = new ArrayList<>();
        boolean slow;
        int queued;
        long written;
        long behind;

        @Override
        public boolean take(ConversationEvent event) {
            send(EventFrames.of(event));
            return true;
        }

        @Override
        public void hear(TransientEvent event) {
            send(event.frame());
        }

        private void send(byte[] frame) {
            queued += slow ? 32 << 10 : 0;
            frames.add(new String(frame, StandardCharsets.UTF_8));
        }

        /** Takes all that waits for it. */
        void drain() {
            written += queued;
            queued = 0;
        }

        @Override
        public int queuedBytes() {
            return queued;
        }

        @Override
        public long writtenBytes() {
            return written;
        }

        @Override
        public void behind(long bytes) {
            behind = bytes;
        }

        @Override
        public void beat() {}

        @Override
        public void close() {}

        @Override
        public boolean isClosed() {
            return false;
        }

        List<Long> ids() {
            return frames.stream()
                    .filter(frame -> frame.startsWith("id: "))
                    .map(frame -> Long.parseLong(frame.substring(4, frame.indexOf('\n'))))
                    .toList();
        }
    }

    /** A log in memory. */
    private static final class LogStore implements ConversationStore {
        final List<ConversationEvent> events = new ArrayList<>();

        @Nullable
        RuntimeException failure;

        ConversationEvent add(int count) {
            for (int i = 0; i < count; i++) {
                events.add(new ConversationEvent("c", events.size() + 1L, Instant.EPOCH, "message.text", "{}"));
            }
            return events.isEmpty()
                    ? new ConversationEvent("c", 0, Instant.EPOCH, "message.text", "{}")
                    : events.get(events.size() - 1);
        }

        @Override
        public List<ConversationEvent> events(String conversation, long after, int limit) {
            if (failure != null) {
                throw failure;
            }
            return events.stream()
                    .filter(event -> event.seq() > after)
                    .limit(limit)
                    .toList();
        }

        @Override
        public void create(Conversation conversation) {
            throw new AssertionError("not read by streams");
        }

        @Override
        public Optional<Conversation> find(String id) {
            return Optional.empty();
        }

        @Override
        public List<Conversation> list(@Nullable Instant updatedBefore, int limit) {
            return List.of();
        }

        @Override
        public List<Conversation> busy() {
            return List.of();
        }

        @Override
        public List<ConversationEvent> append(String conversation, List<NewEvent> newEvents, Change change) {
            throw new AssertionError("not written by streams");
        }

        @Override
        public void delete(String conversation) {
            throw new AssertionError("not deleted by streams");
        }
    }
}
