package org.rungpt.model.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelException.Kind;

final class RetryTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private static Failure failure(boolean retry, Duration after) {
        return new Failure(new ModelException(Kind.SERVER, "x", null), retry, after);
    }

    private static Duration asked(String name, String value) {
        return Retry.asked(HttpHeaders.of(Map.of(name, List.of(value)), (a, b) -> true), NOW);
    }

    @ParameterizedTest
    @CsvSource({
        "retry-after, 2, 2000",
        "retry-after, 0.5, 500",
        "retry-after, 'Thu, 01 Jan 2026 00:00:30 GMT', 30000",
        "retry-after, 'Wed, 01 Jan 2025 00:00:30 GMT', 0",
        "retry-after-ms, 1500, 1500",
        "retry-after, soon, ",
        "retry-after, -5, ",
        "retry-after, '', "
    })
    void readsHowLongTheServerAsksToWait(String name, String value, Long millis) {
        assertThat(asked(name, value)).isEqualTo(millis == null ? null : Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @CsvSource({"0.0, 2000", "1.0, 2220"})
    void neverWaitsLessThanAskedAndScatters(double random, long millis) {
        assertThat(new Retry(Duration.ofSeconds(1), () -> random).before(1, failure(true, Duration.ofSeconds(2))))
                .isEqualTo(Duration.ofMillis(millis));
    }

    @Test
    void waitsGrow() {
        var retry = new Retry(Duration.ofSeconds(1), () -> 0.5);

        assertThat(retry.before(1, failure(true, null))).isEqualTo(Duration.ofSeconds(1));
        assertThat(retry.before(2, failure(true, null))).isEqualTo(Duration.ofSeconds(2));
        assertThat(retry.before(3, failure(true, null))).isNull();
    }

    @Test
    void doesNotWaitForWhatIsUselessOrTakesTooLong() {
        var retry = new Retry(Duration.ofSeconds(1), () -> 0.5);

        assertThat(retry.before(1, failure(false, null))).isNull();
        assertThat(retry.before(1, failure(true, Duration.ofSeconds(60)))).isNotNull();
        assertThat(retry.before(1, failure(true, Duration.ofSeconds(61)))).isNull();
    }
}
