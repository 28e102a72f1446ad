package org.rungpt.runner.docker;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Calls that a sandbox has and nobody watches: found in it, ended without anybody saying that the end is durable, or asked for in
 * vain. They wait for whoever resumes them, but not for ever. Any thread.
 */
final class Unclaimed {
    private static final Duration ENDING = Duration.ofSeconds(20);

    /** @param cancelled whether it was told to end, and is only to be forgotten yet */
    private record Wait(long since, boolean cancelled) {}

    private final Map<String, Wait> calls = new ConcurrentHashMap<>();

    void add(String call) {
        calls.putIfAbsent(call, new Wait(System.nanoTime(), false));
    }

    boolean contains(String call) {
        return calls.containsKey(call);
    }

    /** @return whether it was among them */
    boolean remove(String call) {
        return calls.remove(call) != null;
    }

    boolean isEmpty() {
        return calls.isEmpty();
    }

    /** What nobody claimed for so long is ended, and then forgotten. */
    void expire(Duration patience, Consumer<String> cancel, Consumer<String> forget) {
        long now = System.nanoTime();
        calls.forEach((call, wait) -> {
            long waited = now - wait.since();
            if (wait.cancelled() && waited > ENDING.toNanos()) {
                if (calls.remove(call, wait)) {
                    forget.accept(call);
                }
            } else if (!wait.cancelled() && waited > patience.toNanos()) {
                if (calls.replace(call, wait, new Wait(now, true))) {
                    cancel.accept(call);
                }
            }
        });
    }
}
