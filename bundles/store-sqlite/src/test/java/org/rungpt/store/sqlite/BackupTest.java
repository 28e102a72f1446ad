package org.rungpt.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.store.ConversationStore.Change;

/** Copies of everything, and the way back to them. */
final class BackupTest {
    private record Ended(int exit, String out, String err) {}

    @TempDir
    Path directory;

    private Path data;
    private SqliteStore store;

    @BeforeEach
    void open() throws Exception {
        data = directory.resolve("data");
        store = Stores.open(data);
        store.create(Stores.conversation("c1"));
        store.append("c1", List.of(Stores.event("kept")), Change.NONE);
        write("artifacts/c1/objects/ab", "picture");
        write("artifacts/c1/files/f_1.json", "{}");
        write("artifacts/c1/output/call.stdout", "long output");
        write("artifacts/.litter/in-1", "half");
        write("journal/c1/00000001.json", "{}");
        write("journal/c1/object.new", "half");
    }

    @AfterEach
    void close() {
        store.close();
    }

    private void write(String name, String content) throws IOException {
        Path file = data.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    private Ended restore(Path copy) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int exit = Restore.run(
                new String[] {copy.toString(), data.toString()},
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Ended(exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private static TreeMap<String, String> contents(Path root, String... parts) throws IOException {
        var contents = new TreeMap<String, String>();
        for (String part : parts) {
            if (Files.exists(root.resolve(part))) {
                try (Stream<Path> files = Files.walk(root.resolve(part))) {
                    for (Path file : files.filter(Files::isRegularFile).toList()) {
                        contents.put(
                                root.relativize(file).toString(), Files.readString(file, StandardCharsets.ISO_8859_1));
                    }
                }
            }
        }
        return contents;
    }

    private static List<String> openToOthers(Path root) throws IOException {
        List<String> open = new ArrayList<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path path : files.toList()) {
                String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
                if (!mode.endsWith("------")) {
                    open.add(path + " " + mode);
                }
            }
        }
        return open;
    }

    @Test
    @DisplayName("F.71 E.55 a backup holds everything, is sound, private and never written over something")
    void holdsEverything() throws Exception {
        Path copy = store.backUp(directory.resolve("copy"));
        assertThat(contents(copy, "artifacts", "journal"))
                .containsOnlyKeys(
                        "artifacts/c1/objects/ab",
                        "artifacts/c1/files/f_1.json",
                        "artifacts/c1/output/call.stdout",
                        "journal/c1/00000001.json");
        assertThat(openToOthers(copy)).isEmpty();
        assertThat(Checksums.problem(copy)).isEmpty();
        try (Session session = Session.open(copy.resolve("conversations.db"))) {
            assertThat(session.text("pragma integrity_check")).isEqualTo("ok");
            assertThat(session.number("select count(*) from event")).isEqualTo(1);
        }
        assertThat(catchThrowable(() -> store.backUp(copy))).hasMessageContaining("is there already");
        assertThat(catchThrowable(() -> store.backUp(data.resolve("artifacts/copy"))))
                .hasMessageContaining("name another directory");
        assertThat(store.backUp(null)).startsWith(data.resolve("backups"));
        assertThat(openToOthers(data.resolve("backups"))).isEmpty();
    }

    @Test
    @DisplayName("F.71 a backup touches nothing beside its target, and of two to one target at once one is made")
    void touchesNothingBesideItsTarget() throws Exception {
        Path mine = directory.resolve("copy.new/mine");
        Files.createDirectories(mine.getParent());
        Files.writeString(mine, "of the user");
        Path copy = directory.resolve("copy");
        List<CompletableFuture<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            all.add(CompletableFuture.supplyAsync(() -> catchThrowable(() -> store.backUp(copy)) == null));
        }
        assertThat(all).extracting(made -> made.get(2, TimeUnit.MINUTES)).containsOnlyOnce(true);
        assertThat(Checksums.problem(copy)).isEmpty();
        assertThat(mine).hasContent("of the user");
        try (Stream<Path> beside = Files.list(directory)) {
            assertThat(beside).containsExactlyInAnyOrder(copy, data, mine.getParent());
        }
    }

    @Test
    @DisplayName(
            "F.71 what a copy left whose writer was killed goes with the next copy beside it, and nothing else does")
    void whatAKilledCopyLeftGoesWithTheNext() throws Exception {
        Path other = directory.resolve("other");
        SqliteStore others = Stores.open(other);
        others.close();
        for (int i = 0; i < 5000; i++) {
            Path file = other.resolve("artifacts/c1/objects/" + i);
            Files.createDirectories(file.getParent());
            Files.writeString(file, "one of many");
        }
        Path mine = directory.resolve(".mine-" + UUID.randomUUID() + ".new/.writing");
        Files.createDirectories(mine.getParent());
        Files.createFile(mine);

        Process victim = CrashTest.start(
                "exec \"$@\"", other, "copy", directory.resolve("cut off").toString());
        try {
            Path left = awaitUnfinished("cut off", victim);
            signal("STOP", victim);
            store.backUp(directory.resolve("while it lives"));
            assertThat(left).as("a process writes it, if slowly").isDirectory();
            assertThat(openToOthers(left)).isEmpty();

            victim.destroyForcibly();
            assertThat(victim.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(directory.resolve("cut off")).doesNotExist();
            Path copy = store.backUp(directory.resolve("after its end"));
            assertThat(left).doesNotExist();
            assertThat(mine).exists();
            assertThat(Checksums.problem(copy)).isEmpty();
            assertThat(copy.resolve(".writing")).doesNotExist();
        } finally {
            victim.destroyForcibly();
        }
    }

    /** The directory of a copy that a process has begun to fill with files. */
    private Path awaitUnfinished(String name, Process process) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (System.nanoTime() < deadline && process.isAlive()) {
            try (Stream<Path> beside = Files.list(directory)) {
                Optional<Path> begun = beside.filter(
                                one -> one.getFileName().toString().startsWith("." + name))
                        .filter(one -> Files.exists(one.resolve("artifacts")))
                        .findFirst();
                if (begun.isPresent()) {
                    return begun.get();
                }
            }
            Thread.onSpinWait();
        }
        throw new AssertionError("no copy was begun");
    }

    private static void signal(String name, Process process) throws Exception {
        int exit = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
        assertThat(exit).isZero();
    }

    @Test
    @DisplayName("F.71 what is restored is what was copied; what was there is kept and can be restored in turn")
    void restoresAndKeepsWhatWasThere() throws Exception {
        Path copy = store.backUp(null);
        store.append("c1", List.of(Stores.event("later")), Change.NONE);
        store.create(Stores.conversation("c2"));
        write("artifacts/c2/objects/cd", "later");
        store.close();

        Ended ended = restore(copy);
        assertThat(ended.err()).isEmpty();
        assertThat(ended.exit()).isZero();
        assertThat(contents(data, "artifacts", "journal")).isEqualTo(contents(copy, "artifacts", "journal"));
        assertThat(openToOthers(data.resolve("artifacts"))).isEmpty();
        assertThat(data.resolve("restoring")).doesNotExist();
        store = Stores.open(data);
        assertThat(store.find("c2")).isEmpty();
        assertThat(store.events("c1", 0, 10)).hasSize(1);
        assertThat(store.check()).isEmpty();
        store.close();

        Path kept;
        try (Stream<Path> all = Files.list(data.resolve("backups"))) {
            kept = all.filter(one -> one.getFileName().toString().startsWith("replaced-"))
                    .findFirst()
                    .orElseThrow();
        }
        assertThat(ended.out()).contains(kept.toString());
        assertThat(restore(kept).exit()).isZero();
        store = Stores.open(data);
        assertThat(store.events("c1", 0, 10)).hasSize(2);
        assertThat(data.resolve("artifacts/c2/objects/cd")).hasContent("later");
    }

    @Test
    @DisplayName("F.71 a truncated, changed, incomplete, foreign or newer copy is refused, and nothing is touched")
    void refusesWhatIsNoSoundCopy() throws Exception {
        store.close();
        TreeMap<String, String> before = contents(data, "artifacts", "journal");
        refused("truncated", "conversations.db", copy -> cut(copy.resolve("conversations.db")), before);
        refused(
                "truncated file",
                "artifacts/c1/objects/ab",
                copy -> cut(copy.resolve("artifacts/c1/objects/ab")),
                before);
        refused(
                "changed",
                "output",
                copy -> Files.writeString(copy.resolve("artifacts/c1/output/call.stdout"), "other output"),
                before);
        refused("missing", "is missing", copy -> Files.delete(copy.resolve("journal/c1/00000001.json")), before);
        refused("unfinished", "no complete copy", copy -> Files.delete(copy.resolve("SHA256SUMS")), before);
        refused("more", "does not belong", copy -> Files.writeString(copy.resolve("artifacts/more"), "x"), before);
        refused("foreign", "another program", copy -> change(copy, "pragma application_id = 7"), before);
        refused("newer", "newer RunGPT", copy -> change(copy, "pragma user_version = 99"), before);
        assertThat(restore(directory.resolve("nowhere")).err()).contains("cannot be read");
        Path text = Files.writeString(directory.resolve("text"), "no database");
        assertThat(restore(text).err()).contains("not an SQLite database").doesNotContain("restoring");
        store = Stores.open(data);
        assertThat(store.events("c1", 0, 10)).hasSize(1);
    }

    private interface Damage {
        void to(Path copy) throws Exception;
    }

    private void refused(String name, String why, Damage damage, TreeMap<String, String> before) throws Exception {
        store = Stores.open(data);
        Path copy = store.backUp(directory.resolve(name));
        store.close();
        damage.to(copy);
        Ended ended = restore(copy);
        assertThat(ended.exit()).as(name).isEqualTo(1);
        assertThat(ended.err()).as(name).contains(why, "Nothing was changed");
        assertThat(ended.err().strip()).as(name).doesNotContain("\n");
        assertThat(contents(data, "artifacts", "journal")).as(name).isEqualTo(before);
        assertThat(data.resolve("conversations.db")).as(name).exists();
        assertThat(data.resolve("restoring")).as(name).doesNotExist();
    }

    private static void cut(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() / 2);
        }
    }

    /** Whoever changes a copy on purpose can also sum it up anew. */
    private static void change(Path copy, String pragma) throws Exception {
        try (Session session = Session.open(copy.resolve("conversations.db"))) {
            session.execute(pragma);
        }
        Checksums.write(copy);
    }

    @Test
    @DisplayName("F.69 a truncated database of one file is refused before it is put in place")
    void refusesATruncatedFile() throws Exception {
        store.append("c1", List.of(Stores.event("x".repeat(100_000))), Change.NONE);
        Path copy = store.backUp(directory.resolve("copy")).resolve("conversations.db");
        store.close();
        cut(copy);
        assertThat(restore(copy).err()).contains("Nothing was changed");
        store = Stores.open(data);
        assertThat(store.events("c1", 0, 10)).hasSize(2);
    }

    @Test
    void fromOneFileComesTheDatabaseAndWhatLiesBesideStays() throws Exception {
        Path copy = store.backUp(directory.resolve("copy")).resolve("conversations.db");
        store.append("c1", List.of(Stores.event("later")), Change.NONE);
        store.close();
        Ended ended = restore(copy);
        assertThat(ended.exit()).as(ended.err()).isZero();
        assertThat(data.resolve("artifacts/c1/objects/ab")).hasContent("picture");
        store = Stores.open(data);
        assertThat(store.events("c1", 0, 10)).hasSize(1);
    }

    @Test
    void nothingIsRestoredUnderAStoreThatIsOpen() throws Exception {
        Path copy = store.backUp(null);
        assertThat(restore(copy).exit()).isEqualTo(1);
        assertThat(store.events("c1", 0, 10)).hasSize(1);
    }

    @Test
    @DisplayName("F.69 a restore that was cut off is named, and no empty database takes its place")
    void aRestoreThatWasCutOffIsNamed() throws Exception {
        Path copy = store.backUp(null);
        store.close();
        Files.createDirectories(data.resolve("restoring"));
        Files.delete(data.resolve("conversations.db"));
        Files.write(data.resolve("conversations.db-wal"), new byte[] {1});
        store = Stores.open(data);
        assertThat(catchThrowable(() -> store.find("c1"))).hasMessageContaining("rungpt restore");
        assertThat(data.resolve("conversations.db")).doesNotExist();
        store.close();
        assertThat(restore(copy).exit()).isZero();
        store = Stores.open(data);
        assertThat(store.events("c1", 0, 10)).hasSize(1);
    }

    private static final class CutOff extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** A restore that ends after some of its steps. */
    private Restore cutOffAfter(int steps) {
        var left = new AtomicInteger(steps);
        return new Restore(data, kept -> {}, (from, to) -> {
            if (left.getAndDecrement() == 0) {
                throw new CutOff();
            }
            Files.move(from, to);
        });
    }

    /** Makes a new data directory of what a killed server left, and begins to restore. @return false if that came to its end */
    private boolean isCutOff(Path killed, Path copy, int steps) throws Exception {
        data = Files.createTempDirectory(directory, "round").resolve("data");
        Trees.copy(killed, data);
        try {
            cutOffAfter(steps).restore(copy, Schema.current());
            return false;
        } catch (CutOff e) {
            return true;
        }
    }

    private void finishStepByStep() throws IOException {
        for (boolean finished = false; !finished; ) {
            try {
                cutOffAfter(1).finish();
                finished = true;
            } catch (CutOff e) {
                assertThat(data.resolve("restored")).exists();
            }
        }
    }

    private void holds(int events, TreeMap<String, String> files, String when) throws Exception {
        store = Stores.open(data);
        assertThat(store.events("c1", 0, 10)).as(when).hasSize(events);
        assertThat(store.check()).as(when).isEmpty();
        store.close();
        assertThat(contents(data, "artifacts", "journal")).as(when).isEqualTo(files);
        assertThat(data.resolve("restored")).as(when).doesNotExist();
    }

    @Test
    @DisplayName(
            "F.69 F.71 a restore that is cut off after any step is finished by whoever comes next, and what was there is kept as a whole")
    void aRestoreThatIsCutOffIsFinished() throws Exception {
        Path copy = store.backUp(directory.resolve("copy"));
        store.append("c1", List.of(Stores.event("only in the log")), Change.NONE);
        write("artifacts/c2/objects/cd", "later");
        Path killed = directory.resolve("killed");
        Trees.copy(data, killed);
        assertThat(killed.resolve("conversations.db-wal")).isNotEmptyFile();
        store.close();
        TreeMap<String, String> before = contents(killed, "artifacts", "journal");
        for (Path from : List.of(copy, copy.resolve("conversations.db"))) {
            TreeMap<String, String> after = from.equals(copy) ? contents(copy, "artifacts", "journal") : before;
            for (String then : List.of("start", "cut off again", "refused", "restored")) {
                for (int steps = 0; isCutOff(killed, from, steps); steps++) {
                    String when = from.getFileName() + ", after " + steps + " steps, then " + then;
                    switch (then) {
                        case "cut off again" -> finishStepByStep();
                        case "refused" -> assertThat(restore(directory).exit()).isEqualTo(1);
                        case "restored" ->
                            assertThat(restore(from).exit()).as(when).isZero();
                        default -> {}
                    }
                    boolean done = steps > 0 || then.equals("restored");
                    holds(done ? 1 : 2, done ? after : before, when);
                    if (done) {
                        Path kept;
                        try (Stream<Path> all = Files.list(data.resolve("backups"))) {
                            kept = all.filter(
                                            one -> one.getFileName().toString().startsWith("replaced-"))
                                    .sorted()
                                    .findFirst()
                                    .orElseThrow();
                        }
                        Ended back = restore(from.equals(copy) ? kept : kept.resolve("conversations.db"));
                        assertThat(back.err()).as(when).isEmpty();
                        holds(2, before, "back from " + when);
                    }
                }
            }
        }
    }
}
