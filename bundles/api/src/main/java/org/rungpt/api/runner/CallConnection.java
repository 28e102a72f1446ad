package org.rungpt.api.runner;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A connection over the network that a call asked for, told when it was refused or has ended.
 *
 * @param number from 1 on in each call; the same number is the same connection, which may be told again after a resume
 * @param at when it was asked for
 * @param host as the program named it: a name or an address
 * @param port 1 to 65535
 * @param allowed whether it was let through
 * @param reason one sentence: why it was refused or what went wrong; null if nothing did
 * @param sent bytes from the program
 * @param received bytes to the program
 * @param duration until it ended
 */
public record CallConnection(
        long number,
        Instant at,
        String host,
        int port,
        boolean allowed,
        @Nullable String reason,
        long sent,
        long received,
        Duration duration) {
    public CallConnection {
        Objects.requireNonNull(at, "at");
        Objects.requireNonNull(host, "host");
        Objects.requireNonNull(duration, "duration");
    }
}
