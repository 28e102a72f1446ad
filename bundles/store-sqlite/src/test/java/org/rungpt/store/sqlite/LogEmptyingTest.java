package org.rungpt.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LogEmptyingTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger attempts = new AtomicInteger();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch mayEnd = new CountDownLatch(1);

    @AfterEach
    void end() {
        threads.shutdownNow();
    }

    @Test
    void whoAsksWhileItIsEmptiedSharesTheNextTimeWithTheOthers() throws Exception {
        LogEmptying emptying = new LogEmptying(
                () -> {
                    if (attempts.incrementAndGet() == 1) {
                        begun.countDown();
                        Uninterrupted.await(0, nanos -> mayEnd.await(1, TimeUnit.MINUTES));
                    }
                    return true;
                },
                () -> false);
        Future<Boolean> first = threads.submit(() -> emptying.within(LONG));
        assertThat(begun.await(1, TimeUnit.MINUTES)).isTrue();

        List<Future<Boolean>> others = askFromThreads(20, () -> emptying.within(LONG));
        mayEnd.countDown();

        assertThat(first.get()).isTrue();
        for (Future<Boolean> other : others) {
            assertThat(other.get()).isTrue();
        }
        assertThat(attempts.get()).isEqualTo(2);
    }

    @Test
    void itIsTriedAgainUntilNobodyReads() throws Exception {
        LogEmptying emptying = new LogEmptying(() -> attempts.incrementAndGet() == 5, () -> false);

        assertThat(emptying.within(LONG)).isTrue();
        assertThat(attempts.get()).isEqualTo(5);
    }

    @Test
    void whoseTimeIsUpIsToldSo() throws Exception {
        LogEmptying emptying = new LogEmptying(() -> attempts.incrementAndGet() < 0, () -> false);

        assertThat(emptying.within(Duration.ZERO)).isFalse();
        assertThat(attempts.get()).isEqualTo(1);
    }

    @Test
    void whoWaitsForAnotherIsToldWhenItsTimeIsUp() throws Exception {
        LogEmptying emptying = new LogEmptying(
                () -> {
                    begun.countDown();
                    return Uninterrupted.await(0, nanos -> mayEnd.await(1, TimeUnit.MINUTES));
                },
                () -> false);
        Future<Boolean> first = threads.submit(() -> emptying.within(LONG));
        assertThat(begun.await(1, TimeUnit.MINUTES)).isTrue();

        assertThat(emptying.within(Duration.ofMillis(5))).isFalse();
        mayEnd.countDown();
        assertThat(first.get()).isTrue();
    }

    @Test
    void afterTheLastAttemptNobodyTriesOrWaits() throws Exception {
        LogEmptying emptying = new LogEmptying(
                () -> {
                    attempts.incrementAndGet();
                    begun.countDown();
                    Uninterrupted.await(0, nanos -> mayEnd.await(1, TimeUnit.MINUTES));
                    return false;
                },
                () -> true);
        Future<Boolean> first = threads.submit(() -> emptying.within(LONG));
        assertThat(begun.await(1, TimeUnit.MINUTES)).isTrue();

        List<Future<Boolean>> others = askFromThreads(20, () -> emptying.within(LONG));
        mayEnd.countDown();

        assertThat(first.get()).isFalse();
        for (Future<Boolean> other : others) {
            assertThat(other.get()).isFalse();
        }
        assertThat(attempts.get()).isEqualTo(1);
    }

    @Test
    void aFailureIsTheCallersAndTheNextOneTriesItself() throws Exception {
        LogEmptying emptying = new LogEmptying(
                () -> {
                    if (attempts.incrementAndGet() == 1) {
                        throw new SQLException("disk I/O error");
                    }
                    return true;
                },
                () -> false);

        assertThatThrownBy(() -> emptying.within(LONG)).hasMessage("disk I/O error");
        assertThat(emptying.within(LONG)).isTrue();
    }

    /** All have begun to wait, as far as a thread's state tells. */
    private List<Future<Boolean>> askFromThreads(int count, Callable<Boolean> ask) {
        List<Thread> asking = new ArrayList<>();
        List<Future<Boolean>> answers = new ArrayList<>();
        CountDownLatch known = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            answers.add(threads.submit(() -> {
                synchronized (asking) {
                    asking.add(Thread.currentThread());
                }
                known.countDown();
                return ask.call();
            }));
        }
        Uninterrupted.await(0, nanos -> known.await(1, TimeUnit.MINUTES));
        synchronized (asking) {
            while (!asking.stream().allMatch(thread -> thread.getState() == Thread.State.TIMED_WAITING)) {
                Thread.onSpinWait();
            }
        }
        return answers;
    }
}
