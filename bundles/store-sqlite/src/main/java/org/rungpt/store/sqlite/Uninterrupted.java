package org.rungpt.store.sqlite;

import java.util.concurrent.TimeUnit;

/** Waits on through interrupts, for waits that are bounded by the disk: a half-known write would be worse. */
final class Uninterrupted {
    private Uninterrupted() {}

    /** A wait that may be interrupted, for at most so many nanoseconds. */
    interface Wait<T> {
        T await(long nanos) throws InterruptedException;
    }

    static <T> T await(long timeoutSeconds, Wait<T> wait) {
        boolean interrupted = false;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeoutSeconds);
        try {
            while (true) {
                try {
                    return wait.await(Math.max(0, end - System.nanoTime()));
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
