package org.rungpt.gate;

import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Codes that open one session each, within five minutes. They live in memory only, as hashes. */
final class LoginCodes {
    static final Duration LIFE = Duration.ofMinutes(5);

    private static final int MOST = 100;

    private final Clock clock;
    private final Map<String, Long> ends = new LinkedHashMap<>();

    LoginCodes(Clock clock) {
        this.clock = clock;
    }

    synchronized String make() {
        ends.values().removeIf(end -> end <= clock.millis());
        if (ends.size() >= MOST) {
            ends.remove(ends.keySet().iterator().next());
        }
        String code = Secrets.make(16);
        ends.put(Secrets.hash(code), clock.millis() + LIFE.toMillis());
        return code;
    }

    /** Uses the code up; false if it is none, was used or is too old. */
    synchronized boolean redeem(String code) {
        Long end = ends.remove(Secrets.hash(code));
        return end != null && clock.millis() < end;
    }
}
