package org.rungpt.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.store.ConversationStore.Change;

/** What survives a power cut: the disk has all that was synced, and of the rest what it likes, sector by sector, in any order. */
final class PowerCutTest {
    private static final int CUTS = 500;
    private static final int SECTOR = 512;
    private static final int EVENTS = 40;

    @TempDir
    Path directory;

    /** The log of the database when so many events were acknowledged. */
    private record Synced(int events, int length) {}

    @Test
    @DisplayName("F.66 no power cut loses an acknowledged event whatever became of what was not synced")
    void nothingAcknowledgedIsLost() throws Exception {
        Path live = directory.resolve("live");
        List<Synced> moments = new ArrayList<>();
        byte[] database;
        byte[] log;
        SqliteStore store = Stores.open(live);
        try {
            store.create(Stores.conversation("c1"));
            Path wal = live.resolve("conversations.db-wal");
            moments.add(new Synced(0, (int) Files.size(wal)));
            for (int i = 1; i <= EVENTS; i++) {
                store.append("c1", List.of(Stores.event("e" + i + "x".repeat(i * 40))), Change.NONE);
                moments.add(new Synced(i, (int) Files.size(wal)));
            }
            // Nothing was moved to the database meanwhile: its pages are those of the beginning.
            database = Files.readAllBytes(live.resolve("conversations.db"));
            log = Files.readAllBytes(wal);
        } finally {
            store.close();
        }
        var random = new Random(66);
        for (int cut = 0; cut < CUTS; cut++) {
            Synced synced = moments.get(random.nextInt(moments.size()));
            Path after = directory.resolve("cut" + cut);
            Files.createDirectories(after);
            Files.write(after.resolve("conversations.db"), database);
            Files.write(after.resolve("conversations.db-wal"), damaged(log, synced.length(), random));
            SqliteStore opened = Stores.open(after);
            try {
                List<ConversationEvent> events = opened.events("c1", 0, 1000);
                assertThat(events.size()).as("cut %s after %s", cut, synced).isGreaterThanOrEqualTo(synced.events());
                for (int i = 0; i < events.size(); i++) {
                    assertThat(events.get(i).data()).contains("\"e" + (i + 1) + "x");
                }
                if (cut % 10 == 0) {
                    assertThat(opened.check()).as("cut %s", cut).isEmpty();
                }
            } finally {
                opened.close();
            }
        }
    }

    /** What was not synced: cut off somewhere, and each sector there, as it was, empty, or exchanged for another one. */
    private static byte[] damaged(byte[] log, int synced, Random random) {
        int length = synced + random.nextInt(log.length - synced + 1);
        byte[] damaged = Arrays.copyOf(log, length);
        for (int at = synced; at < length; at += SECTOR) {
            int size = Math.min(SECTOR, length - at);
            switch (random.nextInt(3)) {
                case 0 -> Arrays.fill(damaged, at, at + size, (byte) 0);
                case 1 -> {
                    int other = synced + random.nextInt(log.length - synced - size + 1);
                    System.arraycopy(log, other, damaged, at, size);
                }
                default -> {
                    // it reached the disk
                }
            }
        }
        return damaged;
    }
}
