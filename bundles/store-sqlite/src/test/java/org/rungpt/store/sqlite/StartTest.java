package org.rungpt.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.store.ConversationStore.Change;
import org.rungpt.api.store.StoreException;
import org.rungpt.files.PrivateFiles;

/** What the store does with the files that it finds. */
final class StartTest {
    private static final String NEXT = "alter table conversation add column marked integer not null default 0;\n"
            + "create table note (text text);\n";

    @TempDir
    Path directory;

    @Test
    @DisplayName("F.69 an empty file is refused and left as it is")
    void refusesAnEmptyFileAndLeavesItAsItIs() throws Exception {
        refuses(new byte[0], "is empty");
    }

    @Test
    @DisplayName("F.69 a text file is refused and left as it is")
    void refusesATextFileAndLeavesItAsItIs() throws Exception {
        refuses("these are my notes, not a database\n".repeat(500).getBytes(StandardCharsets.UTF_8), "not an SQLite");
    }

    @Test
    @DisplayName("F.69 a database with damaged pages is refused and left as it is")
    void refusesADatabaseWithDamagedPagesAndLeavesItAsItIs() throws Exception {
        fill(directory);
        byte[] sound = Files.readAllBytes(file());
        Random random = new Random(1);
        byte[] garbage = new byte[4096];
        random.nextBytes(garbage);
        byte[] damaged = sound.clone();
        System.arraycopy(garbage, 0, damaged, 3 * 4096, 4096);
        refuses(damaged, "is damaged");
    }

    @Test
    @DisplayName("F.69 a truncated database is refused")
    void refusesATruncatedDatabase() throws Exception {
        fill(directory);
        byte[] sound = Files.readAllBytes(file());
        refuses(Arrays.copyOf(sound, sound.length / 2), "is damaged");
    }

    @Test
    @DisplayName("F.69 a directory in place of the file is refused")
    void refusesADirectoryInPlaceOfTheFile() throws Exception {
        Files.createDirectory(file());
        refused("is not a file");
    }

    @Test
    @DisplayName("F.69 an orphaned log is no reason to begin afresh")
    void doesNotBeginAfreshBesideAnOrphanedLog() throws Exception {
        Files.write(directory.resolve("conversations.db-wal"), new byte[] {1});
        refused("missing");
        assertThat(file()).doesNotExist();
    }

    @Test
    @DisplayName("F.69 a database of another program is refused")
    void refusesADatabaseOfAnotherProgram() throws Exception {
        PrivateFiles.makeFile(file());
        try (Session other = Session.open(file())) {
            other.execute("create table cookies (name text)");
        }
        byte[] before = Files.readAllBytes(file());
        refused("another program");
        assertThat(Arrays.equals(Files.readAllBytes(file()), before)).isTrue();
    }

    @Test
    @DisplayName("F.70 a newer schema is refused with a message")
    void refusesANewerSchema() throws Exception {
        Database.open(directory, withAnotherVersion(), java.time.Clock.systemUTC())
                .close();
        refused("newer RunGPT (schema 4, this one knows up to 3)");
    }

    @Test
    @DisplayName("F.69 the newest backup is named as the remedy")
    void namesTheNewestBackupAsTheRemedy() throws Exception {
        fill(directory);
        Path backup;
        Database open = Database.open(directory, Schema.current(), java.time.Clock.systemUTC());
        backup = open.backUp(null);
        open.close();
        Files.write(file(), "garbage".getBytes(StandardCharsets.UTF_8));
        SqliteStore store = Stores.open(directory);
        try {
            StoreException refused = catchThrowableOfType(StoreException.class, store::busy);
            assertThat(refused).hasMessageContaining(backup.toString());
        } finally {
            store.close();
        }
    }

    @Test
    @DisplayName("F.70 a migration keeps a copy of the old version")
    void migratesWithACopyOfTheOldVersion() throws Exception {
        fill(directory);

        Database migrated = Database.open(directory, withAnotherVersion(), java.time.Clock.systemUTC());
        int events = migrated.read(session -> session.number("select count(*) from event where conversation in"
                + " (select number from conversation where marked = 0)"));
        assertThat(events).isEqualTo(2000);
        migrated.close();

        try (Stream<Path> copies = Files.list(directory.resolve("backups"))) {
            Path copy = copies.toList().get(0);
            assertThat(copy.getFileName().toString()).endsWith("before-schema-4.db");
            try (Session old = Session.open(copy)) {
                assertThat(old.number("pragma user_version")).isEqualTo(3);
                assertThat(old.number("select count(*) from event")).isEqualTo(2000);
            }
        }
    }

    @Test
    @DisplayName("F.70 what was left of a copy whose writer was killed is not taken for one, and goes")
    void anUnfinishedCopyGoes() throws Exception {
        fill(directory);
        Path left = directory.resolve("backups/.conversations.db.new");
        PrivateFiles.makeOwnDirectory(left.resolveSibling(""));
        Files.writeString(left, "half");

        Database.open(directory, withAnotherVersion(), java.time.Clock.systemUTC())
                .close();

        try (Stream<Path> copies = Files.list(directory.resolve("backups"))) {
            assertThat(copies).singleElement().asString().endsWith("before-schema-4.db");
        }
    }

    @Test
    @DisplayName("F.70 a migration that fails leaves the old version")
    void aMigrationThatFailsLeavesTheOldVersion() throws Exception {
        fill(directory);
        List<String> scripts = Schemas.scripts(3);
        scripts.addAll(List.of(NEXT, "this is no sql;\n"));

        ProblemException failed = catchThrowableOfType(
                ProblemException.class,
                () -> Database.open(directory, new Schema(scripts), java.time.Clock.systemUTC()));

        assertThat(failed).isNotNull();
        SqliteStore store = Stores.open(directory);
        try {
            assertThat(store.events("c1", 0, 10_000)).hasSize(2000);
        } finally {
            store.close();
        }
    }

    @Test
    @DisplayName("F.68 a store goes on as soon as the other one has let go")
    void goesOnAsSoonAsTheOtherStoreHasLetGo() throws Exception {
        SqliteStore first = Stores.open(directory);
        first.create(Stores.conversation("c1"));
        SqliteStore second = Stores.open(directory);
        try {
            StoreException gap = catchThrowableOfType(StoreException.class, () -> second.find("c1"));
            assertThat(gap.kind()).isEqualTo(StoreException.Kind.UNAVAILABLE);
            assertThat(second.readiness().ready()).isFalse();
            // The first one keeps its lock although another one asked.
            assertThat(first.append("c1", List.of(Stores.event("a")), Change.NONE))
                    .hasSize(1);
        } finally {
            first.close();
        }
        try {
            awaitReady(second);
            assertThat(second.events("c1", 0, 10)).hasSize(1);
            StoreException closed = catchThrowableOfType(StoreException.class, () -> first.find("c1"));
            assertThat(closed.kind()).isEqualTo(StoreException.Kind.UNAVAILABLE);
        } finally {
            second.close();
        }
    }

    @Test
    @DisplayName("F.68 a database that cannot be written is named, and opened as soon as it can")
    void opensADatabaseAsSoonAsItCanBeWritten() throws Exception {
        fill(directory);
        makeReadOnly(true);
        SqliteStore store = Stores.open(directory);
        try {
            StoreException refused =
                    catchThrowableOfType(StoreException.class, () -> store.create(Stores.conversation("c9")));
            assertThat(refused)
                    .hasMessageContaining(file() + " cannot be written")
                    .hasMessageContaining("Make the file and its directory writable")
                    .hasMessageNotContaining("\n");
            assertThat(store.readiness().ready()).isFalse();
            makeReadOnly(false);
            awaitReady(store);
            assertThat(store.events("c1", 0, 10_000)).hasSize(2000);
            store.create(Stores.conversation("c9"));
        } finally {
            makeReadOnly(false);
            store.close();
        }
    }

    /** For root, whom no mode of a file stops, by the mount. */
    private void makeReadOnly(boolean readOnly) throws Exception {
        if (!System.getProperty("user.name").equals("root")) {
            assertThat(file().toFile().setWritable(!readOnly)).isTrue();
        } else if (readOnly) {
            run("mount", "--bind", file().toString(), file().toString());
            run("mount", "-o", "remount,bind,ro", file().toString());
        } else if (Files.readString(Path.of("/proc/self/mounts")).contains(file().toString())) {
            run("umount", "--lazy", file().toString());
        }
    }

    private static void run(String... command) throws Exception {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }

    @Test
    void leavesNoLogBehindWhenItCloses() throws Exception {
        fill(directory);
        assertThat(directory.resolve("conversations.db-wal")).doesNotExist();
        assertThat(directory.resolve("conversations.db-shm")).doesNotExist();
    }

    private static void awaitReady(SqliteStore store) {
        long end = System.nanoTime() + 60_000_000_000L;
        while (!store.readiness().ready() && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertThat(store.readiness()).matches(Readiness::ready);
    }

    private void refuses(byte[] content, String reason) throws Exception {
        Files.deleteIfExists(file());
        try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(content));
        }
        refused(reason);
        assertThat(Arrays.equals(Files.readAllBytes(file()), content)).isTrue();
    }

    private void refused(String reason) throws IOException {
        SqliteStore store = Stores.open(directory);
        try {
            StoreException refused =
                    catchThrowableOfType(StoreException.class, () -> store.create(Stores.conversation("c9")));
            assertThat(refused.kind()).isEqualTo(StoreException.Kind.BROKEN);
            assertThat(refused)
                    .hasMessageContaining(reason)
                    .hasMessageContaining(file().toString())
                    .hasMessageNotContaining("\n");
            Readiness readiness = store.readiness();
            assertThat(readiness.ready()).isFalse();
            assertThat(readiness.reason()).contains(reason);
            assertThat(readiness.remedy()).isNotBlank();
        } finally {
            store.close();
        }
    }

    private static void fill(Path directory) throws Exception {
        SqliteStore store = Stores.open(directory);
        store.create(Stores.conversation("c1"));
        store.append("c1", java.util.Collections.nCopies(2000, Stores.event("x".repeat(100))), Change.NONE);
        store.close();
    }

    private Path file() {
        return directory.resolve("conversations.db");
    }

    private static Schema withAnotherVersion() throws IOException {
        List<String> scripts = Schemas.scripts(3);
        scripts.add(NEXT);
        return new Schema(scripts);
    }
}
