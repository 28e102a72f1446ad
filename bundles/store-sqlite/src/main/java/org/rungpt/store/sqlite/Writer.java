package org.rungpt.store.sqlite;

import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.store.StoreException;

/**
 * Writes, one transaction at a time. Who comes alone writes on its own thread, which is the shortest way to the disk; what comes
 * while a transaction is made durable goes into the next one together, so that many conversations share the disk's time.
 */
final class Writer {
    private static final int MOST_TOGETHER = 256;

    private final Session session;
    private final Function<Throwable, StoreException> failures;
    private final Object turn = new Object();
    /** Guarded by {@link #turn}, like what follows. */
    private final Queue<Job<?>> queue = new ArrayDeque<>();

    private boolean writing;
    private boolean closed;
    private final Thread thread;

    Writer(Session session, Function<Throwable, StoreException> failures) {
        this.session = session;
        this.failures = failures;
        this.thread = new Thread(this::write, "rungpt-store-writer");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Does the work in a transaction and returns when that is durable. */
    <T extends @Nullable Object> T write(Work<T> work) throws StoreException {
        Job<T> job = new Job<>(work);
        boolean alone;
        synchronized (turn) {
            if (closed) {
                throw Problem.closed();
            }
            alone = !writing && queue.isEmpty();
            if (alone) {
                writing = true;
            } else {
                queue.add(job);
            }
        }
        if (alone) {
            commitInTurn(List.of(job));
        }
        return job.await();
    }

    /** Takes no more work, and returns when what was taken is done. */
    void close() {
        synchronized (turn) {
            if (closed) {
                return;
            }
            closed = true;
            turn.notifyAll();
        }
        Uninterrupted.await(60, nanos -> {
            thread.join(Math.max(1, nanos / 1_000_000));
            return true;
        });
    }

    private void write() {
        while (true) {
            List<Job<?>> group = Uninterrupted.await(0, nanos -> nextGroup());
            if (group.isEmpty()) {
                return;
            }
            commitInTurn(group);
        }
    }

    /** Waits for its turn. @return nothing if it is closed and all is done */
    private List<Job<?>> nextGroup() throws InterruptedException {
        synchronized (turn) {
            while (writing || queue.isEmpty() && !closed) {
                turn.wait();
            }
            List<Job<?>> group = new ArrayList<>();
            while (group.size() < MOST_TOGETHER && !queue.isEmpty()) {
                group.add(queue.remove());
            }
            writing = !group.isEmpty();
            return group;
        }
    }

    private void commitInTurn(List<Job<?>> group) {
        try {
            commit(group);
        } finally {
            synchronized (turn) {
                writing = false;
                if (closed || !queue.isEmpty()) {
                    turn.notifyAll();
                }
            }
        }
    }

    private void commit(List<Job<?>> group) {
        try {
            session.execute("begin immediate");
            for (Job<?> job : group) {
                job.run(session);
            }
            session.execute("commit");
            group.forEach(Job::done);
        } catch (Throwable e) {
            // Also errors: whoever waits for the writer must hear of them.
            rollBack(e);
            if (group.size() == 1) {
                group.get(0).failed(failures.apply(e));
            } else {
                // One of them spoiled it for all: each gets a transaction of its own.
                group.forEach(job -> commit(List.of(job)));
            }
        }
    }

    private void rollBack(Throwable cause) {
        try {
            session.execute("rollback");
        } catch (SQLException e) {
            // Some failures have ended the transaction already.
            cause.addSuppressed(e);
        }
        // The driver does not execute a statement again that a full disk has stopped.
        session.forgetStatements();
    }

    private static final class Job<T extends @Nullable Object> {
        private final Work<T> work;
        private final CountDownLatch done = new CountDownLatch(1);
        private @Nullable T result;
        private @Nullable StoreException failure;

        Job(Work<T> work) {
            this.work = work;
        }

        void run(Session session) throws SQLException {
            failure = null;
            try {
                result = work.run(session);
            } catch (StoreException e) {
                failure = e;
            }
        }

        void done() {
            done.countDown();
        }

        void failed(StoreException e) {
            failure = e;
            done.countDown();
        }

        @SuppressWarnings("NullAway") // null only where T may be null
        T await() throws StoreException {
            Uninterrupted.await(0, nanos -> {
                done.await();
                return true;
            });
            if (failure != null) {
                // Thrown anew, so that the trace tells of the caller.
                throw new StoreException(failure.kind(), String.valueOf(failure.getMessage()), failure);
            }
            return result;
        }
    }
}
