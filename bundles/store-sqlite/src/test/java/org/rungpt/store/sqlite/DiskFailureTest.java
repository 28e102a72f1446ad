package org.rungpt.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.store.StoreException;

/** A disk that takes nothing for a while. SQLite is told to refuse as it does when the disk does. */
final class DiskFailureTest {
    private static final String LARGE = "x".repeat(60_000);

    @TempDir
    Path directory;

    private Database database;

    @BeforeEach
    void open() throws Exception {
        database = Database.open(directory, Schema.current(), Clock.systemUTC());
        put("before", LARGE);
    }

    @AfterEach
    void close() throws Exception {
        database.close();
    }

    @Test
    @DisplayName(
            "F.68 a full disk is named, what is there can be read, and the store goes on by itself when there is room")
    void aFullDiskIsNamedAndTheStoreGoesOnByItself() throws Exception {
        tell("pragma max_page_count = 1"); // which is as many as there are

        StoreException refused = catchThrowableOfType(StoreException.class, () -> put("meanwhile", LARGE));

        assertThat(refused.kind()).isEqualTo(StoreException.Kind.BROKEN);
        assertThat(refused)
                .hasMessageContaining("The disk is full: " + directory.resolve("conversations.db"))
                .hasMessageContaining("Free some space")
                .hasMessageNotContaining("\n");
        assertThat(database.problem()).isPresent();
        assertThat(get("before")).contains(LARGE);

        tell("pragma max_page_count = 1073741823");
        awaitSound();
        put("after", LARGE);
        assertThat(get("after")).contains(LARGE);
        assertThat(get("meanwhile")).isEmpty();
        assertThat(database.integrity()).isEmpty();
    }

    @Test
    @DisplayName("F.68 a store with a disk that stays full can be closed")
    void aStoreWithADiskThatStaysFullCanBeClosed() throws Exception {
        tell("pragma max_page_count = 1");
        assertThatThrownBy(() -> put("meanwhile", LARGE)).hasMessageContaining("The disk is full");

        database.close();

        open();
        assertThat(get("before")).contains(LARGE);
    }

    private Optional<String> get(String key) throws StoreException {
        return database.read(session -> SettingSql.get(session, key));
    }

    private void put(String key, String value) throws StoreException {
        database.write(session -> {
            SettingSql.put(session, key, value);
            return true;
        });
    }

    /** Tells the writer's session something, without a write that succeeds. */
    private void tell(String pragma) {
        assertThatThrownBy(() -> database.write(session -> {
                    session.execute(pragma);
                    throw new StoreException(StoreException.Kind.NOT_FOUND, "told");
                }))
                .hasMessage("told");
    }

    private void awaitSound() {
        long end = System.nanoTime() + 20_000_000_000L;
        while (database.problem().isPresent() && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertThat(database.problem()).isEmpty();
    }
}
