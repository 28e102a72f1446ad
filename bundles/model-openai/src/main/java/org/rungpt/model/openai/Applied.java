package org.rungpt.model.openai;

import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.Map;

/** Which saved settings are at work: configurations reach their connections on another thread. */
final class Applied {
    /** The property that tells one save from the next. */
    static final String REVISION = "revision";

    private final Map<Object, Object> revisions = new IdentityHashMap<>();

    synchronized void now(Object connection, Map<String, ?> properties) {
        Object revision = properties.get(REVISION);
        if (revision != null) {
            revisions.put(connection, revision);
            notifyAll();
        }
    }

    synchronized void gone(Object connection) {
        revisions.remove(connection);
    }

    /** Until a connection has the revision; not longer than the patience. */
    synchronized void await(String revision, Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        try {
            while (!revisions.containsValue(revision)) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    return;
                }
                wait(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
