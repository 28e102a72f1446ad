package org.rungpt.store.sqlite;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** After a failure of the disk: tries until something lasts again, so that a store is known to be sound before anybody needs it. */
final class Recovery {
    private static final long PAUSE_MILLIS = 1000;

    private final BooleanSupplier attempt;
    private final CountDownLatch closed = new CountDownLatch(1);
    private boolean underWay;
    private boolean failedMeanwhile;

    /** @param attempt whether it works again */
    Recovery(BooleanSupplier attempt) {
        this.attempt = attempt;
    }

    /** Something failed: attempts begin in the background, or go on. */
    synchronized void start() {
        failedMeanwhile = true;
        if (!underWay) {
            underWay = true;
            Thread thread = new Thread(this::recover, "rungpt-store-recovery");
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void recover() {
        while (!Uninterrupted.await(0, nanos -> closed.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS))) {
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

    void close() {
        closed.countDown();
    }
}
