package org.rungpt.store.sqlite;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.rungpt.files.Directories;
import org.rungpt.files.PrivateFiles;

/**
 * Puts a copy in the place of all conversations and settings, while no server runs: {@code Restore COPY DATA}. A copy is looked at as a whole
 * before anything of what is there is touched, and that is kept aside. From then on a restore that is cut off is finished by whoever comes
 * next, a restore or a server; before, nothing was done. A copy of everything is a directory; from a file comes the database alone, and what
 * lies beside it stays.
 */
public final class Restore {
    /** Where a copy waits until it is found sound. */
    static final String STAGE = "restoring";

    /** Where it waits from then on until all of it is in place. */
    private static final String SOUND = "restored";

    /** In there: what it replaces, as long as not all of that is kept. */
    private static final String REPLACED = "replaced";

    private static final List<String> DATABASE = List.of(Backups.DATABASE, Backups.DATABASE + "-wal");

    /** A step, after which it may be cut off. */
    interface Step {
        void move(Path from, Path to) throws IOException;
    }

    private final Path data;
    private final Consumer<Path> kept;
    private final Step step;

    /** @param kept hears where what was there is now */
    Restore(Path data, Consumer<Path> kept) {
        this(data, kept, Restore::rename);
    }

    Restore(Path data, Consumer<Path> kept, Step step) {
        this.data = data;
        this.kept = kept;
        this.step = step;
    }

    public static void main(String[] arguments) {
        System.exit(run(arguments, System.out, System.err));
    }

    static int run(String[] arguments, PrintStream out, PrintStream err) {
        Path copy = Path.of(arguments[0]).toAbsolutePath().normalize();
        Path data = Path.of(arguments[1]).toAbsolutePath().normalize();
        try {
            new Restore(data, kept -> out.println("What was there is in " + kept + "; it can be restored in turn."))
                    .restore(copy, Schema.current());
            out.println("Restored from " + copy + ".");
            return 0;
        } catch (ProblemException e) {
            err.println("rungpt: " + e.problem().reason() + " " + e.problem().remedy());
        } catch (IOException | SQLException e) {
            err.println("rungpt: Not restored: " + e.toString().replaceAll("\\s+", " ") + " What was there is in "
                    + data + ", or in its directories backups and " + SOUND
                    + "; with room on the disk, try again.");
        }
        return 1;
    }

    void restore(Path copy, Schema schema) throws IOException, SQLException, ProblemException {
        PrivateFiles.makeDirectories(data);
        try (ServerLock unused = ServerLock.take(data.resolve("conversations.lock"))) {
            Database.loadDriver(data.resolve("tmp").resolve("sqlite"));
            finish();
            Path stage = data.resolve(STAGE);
            Directories.delete(stage);
            try {
                stage(copy, stage, schema);
                PrivateFiles.makeOwnDirectory(stage.resolve(REPLACED));
                PrivateFiles.sync(stage);
            } catch (IOException | SQLException | ProblemException e) {
                Directories.delete(stage);
                throw e;
            }
            step.move(stage, data.resolve(SOUND));
            finish();
        }
    }

    /** Puts what was found sound in place, from where that was cut off. For who has the lock. */
    void finish() throws IOException {
        Path sound = data.resolve(SOUND);
        if (!Files.exists(sound)) {
            return;
        }
        // While this is there, what lies in the data directory is the old; afterwards it is the new.
        if (Files.exists(sound.resolve(REPLACED))) {
            keep(sound, sound.resolve(REPLACED));
        }
        for (String directory : Backups.BESIDE) {
            move(sound, directory, data);
        }
        move(sound, Backups.DATABASE + "-wal", data);
        move(sound, Backups.DATABASE, data);
        Directories.delete(sound);
        PrivateFiles.sync(data);
    }

    private void keep(Path sound, Path replaced) throws IOException {
        boolean whole = Files.exists(sound.resolve(Checksums.FILE));
        Files.deleteIfExists(data.resolve(Backups.DATABASE + "-shm"));
        // The database first: what is left is not taken for something to start with.
        for (String name : DATABASE) {
            move(data, name, replaced);
        }
        for (String name : whole ? Backups.BESIDE : List.<String>of()) {
            move(data, name, replaced);
        }
        if (isEmpty(replaced)) {
            Files.delete(replaced);
            PrivateFiles.sync(sound);
            return;
        }
        if (whole) {
            Checksums.write(replaced);
        }
        Path copy = Backups.named(data, "replaced-", "");
        step.move(replaced, copy);
        kept.accept(whole ? copy : copy.resolve(Backups.DATABASE));
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.findAny().isEmpty();
        }
    }

    private static void stage(Path copy, Path stage, Schema schema) throws IOException, SQLException, ProblemException {
        if (!Files.isReadable(copy)) {
            throw refused(copy, "cannot be read");
        }
        if (Files.isDirectory(copy)) {
            if (!Files.isRegularFile(copy.resolve(Checksums.FILE))
                    || !Files.isRegularFile(copy.resolve(Backups.DATABASE))) {
                throw refused(copy, "is no complete copy of RunGPT's conversations");
            }
            Trees.copy(copy, stage);
            Optional<String> problem = Checksums.problem(stage);
            if (problem.isPresent()) {
                throw refused(copy, "is damaged: " + problem.get());
            }
        } else {
            PrivateFiles.makeOwnDirectory(stage);
            Trees.copyFile(copy, stage.resolve(Backups.DATABASE));
            Path log = copy.resolveSibling(copy.getFileName() + "-wal");
            if (Files.exists(log)) {
                Trees.copyFile(log, stage.resolve(Backups.DATABASE + "-wal"));
            }
        }
        try {
            Database.requireDatabase(stage.resolve(Backups.DATABASE));
            try (Session session = Session.open(stage.resolve(Backups.DATABASE))) {
                schema.requireKnown(session, copy);
            }
            Backups.requireSound(stage.resolve(Backups.DATABASE));
        } catch (ProblemException e) {
            throw refused(copy, "cannot be used: " + e.problem().reason().replace(stage + "/", ""));
        } catch (SQLException e) {
            throw refused(copy, "is damaged: " + e.getMessage());
        }
        // They belonged to the look at it.
        Files.deleteIfExists(stage.resolve(Backups.DATABASE + "-shm"));
    }

    private void move(Path from, String name, Path to) throws IOException {
        if (Files.exists(from.resolve(name))) {
            step.move(from.resolve(name), to.resolve(name));
        }
    }

    private static void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        PrivateFiles.sync(to.resolveSibling(""));
        PrivateFiles.sync(from.resolveSibling(""));
    }

    private static ProblemException refused(Path copy, String why) {
        return new ProblemException(Problem.broken(
                copy + " " + why + ".",
                "Nothing was changed; name another copy: rungpt:backup makes them in the directory backups."));
    }
}
