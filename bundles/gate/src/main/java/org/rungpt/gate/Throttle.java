package org.rungpt.gate;

import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;

/** Slows guessing down: after some failures within a minute further ones are answered with "later". What is right always passes. */
final class Throttle {
    private static final int FAILURES = 10;
    private static final long WINDOW_MILLIS = 60_000;

    private final Clock clock;
    private final Deque<Long> failures = new ArrayDeque<>();

    Throttle(Clock clock) {
        this.clock = clock;
    }

    /** Notes a failure; returns how many seconds to wait, 0 for none. */
    synchronized long failed() {
        long now = clock.millis();
        while (!failures.isEmpty() && failures.peekFirst() <= now - WINDOW_MILLIS) {
            failures.removeFirst();
        }
        if (failures.size() < FAILURES) {
            failures.addLast(now);
            return 0;
        }
        return Math.max(1, (failures.getFirst() + WINDOW_MILLIS - now + 999) / 1000);
    }
}
