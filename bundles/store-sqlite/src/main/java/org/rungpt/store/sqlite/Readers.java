package org.rungpt.store.sqlite;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.store.StoreException;

/** A few connections for reading; readers see the last commit and wait for no writer. */
final class Readers {
    private static final int MOST = 4;
    private static final int LONGEST_WAIT_SECONDS = 30;

    private final Path file;
    private final Function<Throwable, StoreException> failures;
    private final Semaphore permits = new Semaphore(MOST, true);
    private final List<Session> idle = new ArrayList<>();
    private boolean closed;

    Readers(Path file, Function<Throwable, StoreException> failures) {
        this.file = file;
        this.failures = failures;
    }

    <T> T read(Work<T> work) throws StoreException {
        boolean free =
                Uninterrupted.await(LONGEST_WAIT_SECONDS, nanos -> permits.tryAcquire(nanos, TimeUnit.NANOSECONDS));
        if (!free) {
            throw new StoreException(
                    StoreException.Kind.UNAVAILABLE, "The store is too busy with reading; try again later.");
        }
        try {
            Session session = take();
            boolean sound = false;
            try {
                T result = work.run(session);
                sound = true;
                return result;
            } finally {
                giveBack(session, sound);
            }
        } catch (SQLException | RuntimeException e) {
            throw failures.apply(e);
        } finally {
            permits.release();
        }
    }

    /** Waits for those that read, closes the connections and takes no more work. */
    void close() throws SQLException {
        synchronized (idle) {
            closed = true;
        }
        Uninterrupted.await(5, nanos -> permits.tryAcquire(MOST, nanos, TimeUnit.NANOSECONDS));
        synchronized (idle) {
            for (Session session : idle) {
                session.close();
            }
            idle.clear();
        }
        permits.release(MOST);
    }

    private Session take() throws SQLException, StoreException {
        synchronized (idle) {
            if (closed) {
                throw Problem.closed();
            }
            if (!idle.isEmpty()) {
                return idle.remove(idle.size() - 1);
            }
        }
        Session session = Session.open(file);
        session.execute("pragma query_only = on");
        return session;
    }

    private void giveBack(@Nullable Session session, boolean sound) throws SQLException {
        if (session == null) {
            return;
        }
        synchronized (idle) {
            if (sound && !closed) {
                idle.add(session);
                return;
            }
        }
        session.close();
    }
}
