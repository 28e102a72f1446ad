package org.rungpt.model.openai;

import java.net.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * When a request is tried again: at most three attempts in all, at least as late as the server asks, growing and scattered waits.
 * Who asks for more than a minute is not kept waiting for.
 *
 * @param base the first wait
 * @param random scatters waits; from 0 to 1
 */
record Retry(Duration base, DoubleSupplier random) {
    static final int MAX_ATTEMPTS = 3;
    static final Duration MAX_WAIT = Duration.ofSeconds(60);

    /**
     * @param failed the attempt that failed, from 1
     * @return how long to wait before the next; null if there is none
     */
    @Nullable
    Duration before(int failed, Failure failure) {
        Duration asked = failure.after();
        if (!failure.retry() || failed >= MAX_ATTEMPTS || (asked != null && asked.compareTo(MAX_WAIT) > 0)) {
            return null;
        }
        double scatter = random.getAsDouble();
        if (asked != null) {
            long more = Math.min(1000, asked.toMillis() / 10 + 20);
            return asked.plusMillis((long) (more * scatter));
        }
        long wait = base.toMillis() << (failed - 1);
        return Duration.ofMillis((long) (wait * (0.5 + scatter)));
    }

    /** What {@code retry-after-ms} or {@code Retry-After} (seconds or a date) ask for; null if nothing readable. */
    static @Nullable Duration asked(HttpHeaders headers, Instant now) {
        Duration millis = number(headers.firstValue("retry-after-ms").orElse(""), 1);
        if (millis != null) {
            return millis;
        }
        String text = headers.firstValue("retry-after").orElse("").strip();
        Duration seconds = number(text, 1000);
        if (seconds != null || text.isEmpty()) {
            return seconds;
        }
        try {
            Duration until = Duration.between(
                    now,
                    ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                            .toInstant());
            return until.isNegative() ? Duration.ZERO : until;
        } catch (DateTimeException e) {
            return null; // not readable: our own wait applies
        }
    }

    private static @Nullable Duration number(String text, int millis) {
        try {
            double value = Double.parseDouble(text.strip()) * millis;
            return value >= 0 && value < 1e12 ? Duration.ofMillis((long) Math.ceil(value)) : null;
        } catch (NumberFormatException e) {
            return null; // a date, or nothing
        }
    }
}
