package org.rungpt.store.sqlite;

import java.sql.SQLException;
import java.time.Duration;

/**
 * Empties the write-ahead log for those who deleted something that still stands in it. One does it at a time, for all who had deleted by
 * then: each by itself would keep the others, and whoever writes, from the disk.
 */
final class LogEmptying {
    /** One attempt, which ends soon. */
    interface Attempt {
        /** @return false if somebody who reads is in the way */
        boolean succeeds() throws SQLException;
    }

    /** A wait between attempts. */
    interface Pause {
        /** @return true if there will be no more attempts */
        boolean isTheLast();
    }

    private final Attempt attempt;
    private final Pause pause;
    private long asked;
    /** Who asked up to here has what was wanted. */
    private long done;

    private boolean underWay;
    /** There will be no other attempt. */
    private boolean over;

    LogEmptying(Attempt attempt, Pause pause) {
        this.attempt = attempt;
        this.pause = pause;
    }

    /**
     * Returns when the log was emptied after this was called. Any thread.
     *
     * @return false if it could not be in that time
     */
    boolean within(Duration patience) throws SQLException {
        long end = System.nanoTime() + patience.toNanos();
        long mine;
        synchronized (this) {
            mine = ++asked;
        }
        do {
            long all = turn(mine, end);
            if (all == 0) {
                break;
            }
            attempt(all);
        } while (!isDone(mine) && System.nanoTime() < end);
        return isDone(mine);
    }

    private synchronized boolean isDone(long mine) {
        return done >= mine;
    }

    /** Waits until it is done, or this caller's to do. @return up to whom it is done then; 0 if it is not to do any more */
    private synchronized long turn(long mine, long end) {
        Uninterrupted.await(0, unused -> {
            for (long left = end - System.nanoTime();
                    underWay && done < mine && left > 0;
                    left = end - System.nanoTime()) {
                wait(left / 1_000_000 + 1);
            }
            return true;
        });
        if (underWay || over || done >= mine) {
            return 0;
        }
        underWay = true;
        return asked;
    }

    private void attempt(long all) throws SQLException {
        boolean succeeded = false;
        boolean last = false;
        try {
            succeeded = attempt.succeeds();
            last = !succeeded && pause.isTheLast();
        } finally {
            synchronized (this) {
                underWay = false;
                over |= last;
                done = succeeded ? all : done;
                notifyAll();
            }
        }
    }
}
