package org.rungpt.store.sqlite;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** After a failure: tries every second until it works, so that a store is known to be sound before anybody needs it. */
final class Recovery {
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final String name;
    private final BooleanSupplier attempt;
    private final CountDownLatch closed = new CountDownLatch(1);
    private boolean underWay;
    private boolean failedMeanwhile;

    /**
     * @param name of its thread
     * @param attempt whether it works again
     */
    Recovery(String name, BooleanSupplier attempt) {
        this.name = name;
        this.attempt = attempt;
    }

    /** Something failed: attempts begin in the background, or go on. */
    synchronized void start() {
        failedMeanwhile = true;
        if (!underWay) {
            underWay = true;
            Thread thread = new Thread(this::recover, name);
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void recover() {
        while (!isClosedWithin(PAUSE)) {
            synchronized (this) {
                failedMeanwhile = false;
            }
            boolean works = attempt.getAsBoolean();
            synchronized (this) {
                if (works && !failedMeanwhile) {
                    underWay = false;
                    return;
                }
            }
        }
    }

    /** Waits so long, or until it is closed. */
    boolean isClosedWithin(Duration time) {
        return Uninterrupted.await(0, nanos -> closed.await(time.toMillis(), TimeUnit.MILLISECONDS));
    }

    void close() {
        closed.countDown();
    }
}
