package org.rungpt.model.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

final class AppliedTest {
    private final Applied applied = new Applied();

    @Test
    void waitsUntilTheSavedSettingsAreAtWork() throws Exception {
        var connection = new Object();
        var told = new AtomicBoolean();
        applied.now(connection, Map.of(Applied.REVISION, "1"));
        Thread telling = new Thread(() -> {
            told.set(true);
            applied.now(connection, Map.of(Applied.REVISION, "2"));
        });
        telling.start();
        applied.await("2", Duration.ofSeconds(10));
        assertThat(told).isTrue();
        telling.join();
    }

    @Test
    void forgetsAConnectionThatIsGoneAndWaitsNoLongerThanItsPatience() {
        var connection = new Object();
        applied.now(connection, Map.of(Applied.REVISION, "1"));
        applied.gone(connection);
        long begun = System.nanoTime();
        applied.await("1", Duration.ofMillis(50));
        assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(49_000_000L);
    }
}
