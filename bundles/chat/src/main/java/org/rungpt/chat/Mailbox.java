package org.rungpt.chat;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Runs tasks one after the other, in the order in which they came, on threads that it borrows. */
final class Mailbox {
    /** So many tasks, then others get their turn on the thread. */
    private static final int BATCH = 64;

    private static final int CLOSED = Integer.MIN_VALUE / 2;

    private final Executor threads;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    /** How many tasks are waiting or running; negative once closed. */
    private final AtomicInteger pending = new AtomicInteger();

    private volatile @Nullable Thread running;

    Mailbox(Executor threads) {
        this.threads = threads;
    }

    /** @return false if this mailbox is closed; the task will not run */
    boolean add(Runnable task) {
        int before = pending.getAndUpdate(n -> n < 0 ? n : n + 1);
        if (before < 0) {
            return false;
        }
        tasks.add(task);
        if (before == 0) {
            threads.execute(this::drain);
        }
        return true;
    }

    /** Closes it if nothing is waiting behind the task that runs now, which is the caller. */
    boolean closeIfLast() {
        return pending.compareAndSet(1, CLOSED);
    }

    /** Whether the calling thread runs one of its tasks. */
    boolean isOwnThread() {
        return Thread.currentThread() == running;
    }

    private void drain() {
        running = Thread.currentThread();
        int done = 0;
        while (done < BATCH) {
            Runnable task = tasks.poll();
            if (task == null) {
                break;
            }
            task.run();
            done++;
        }
        running = null;
        int ran = done;
        if (pending.updateAndGet(n -> n < 0 ? n : n - ran) > 0) {
            threads.execute(this::drain);
        }
    }
}
