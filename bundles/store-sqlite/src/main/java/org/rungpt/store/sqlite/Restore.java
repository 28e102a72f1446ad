package org.rungpt.store.sqlite;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rungpt.files.Directories;
import org.rungpt.files.PrivateFiles;

/**
 * Puts a copy in the place of all conversations and settings, while no server runs: {@code Restore COPY DATA}. A copy is looked at as a whole
 * before anything of what is there is touched, and that is kept aside. A restore that was cut off is begun anew. A copy of everything is a
 * directory; from a file comes the database alone, and what lies beside it stays.
 */
public final class Restore {
    /** Where a copy waits until it is whole. */
    static final String STAGE = "restoring";

    private Restore() {}

    public static void main(String[] arguments) {
        System.exit(run(arguments, System.out, System.err));
    }

    static int run(String[] arguments, PrintStream out, PrintStream err) {
        Path copy = Path.of(arguments[0]).toAbsolutePath().normalize();
        Path data = Path.of(arguments[1]).toAbsolutePath().normalize();
        try {
            Path kept = restore(copy, data, Schema.current());
            if (kept != null) {
                out.println("What was there is in " + kept + "; it can be restored in turn.");
            }
            out.println("Restored from " + copy + ".");
            return 0;
        } catch (ProblemException e) {
            err.println("rungpt: " + e.problem().reason() + " " + e.problem().remedy());
        } catch (IOException | SQLException e) {
            err.println("rungpt: Not restored: " + e.toString().replaceAll("\\s+", " ") + " What was there is in "
                    + data + ", or in its directory backups; with room on the disk, try again.");
        }
        return 1;
    }

    /** @return where what was there is now; null if there was nothing */
    static @Nullable Path restore(Path copy, Path data, Schema schema)
            throws IOException, SQLException, ProblemException {
        PrivateFiles.makeDirectories(data);
        try (ServerLock unused = ServerLock.take(data.resolve("conversations.lock"))) {
            Database.loadDriver(data.resolve("tmp").resolve("sqlite"));
            Path stage = data.resolve(STAGE);
            Directories.delete(stage);
            boolean whole = Files.isDirectory(copy);
            try {
                stage(copy, whole, stage, schema);
            } catch (IOException | SQLException | ProblemException e) {
                Directories.delete(stage);
                throw e;
            }
            Path kept = keep(data, whole);
            for (String directory : Backups.BESIDE) {
                move(stage, directory, data);
            }
            move(stage, Backups.DATABASE + "-wal", data);
            move(stage, Backups.DATABASE, data);
            PrivateFiles.sync(data);
            Directories.delete(stage);
            return kept;
        }
    }

    private static void stage(Path copy, boolean whole, Path stage, Schema schema)
            throws IOException, SQLException, ProblemException {
        if (!Files.isReadable(copy)) {
            throw refused(copy, "cannot be read");
        }
        if (whole) {
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

    /** @param whole whether the files beside the database are replaced too */
    private static @Nullable Path keep(Path data, boolean whole) throws IOException {
        Files.deleteIfExists(data.resolve(Backups.DATABASE + "-shm"));
        List<String> database = List.of(Backups.DATABASE + "-wal", Backups.DATABASE);
        boolean any = database.stream().anyMatch(name -> Files.exists(data.resolve(name)));
        boolean files = whole && Backups.BESIDE.stream().anyMatch(name -> Files.exists(data.resolve(name)));
        if (!any && !files) {
            return null;
        }
        Path kept = Backups.named(data, "replaced-", "");
        PrivateFiles.makeOwnDirectory(kept);
        for (String name : whole ? Backups.BESIDE : List.<String>of()) {
            move(data, name, kept);
        }
        for (String name : database) {
            move(data, name, kept);
        }
        if (!whole) {
            return kept.resolve(Backups.DATABASE);
        }
        Checksums.write(kept);
        return kept;
    }

    private static void move(Path from, String name, Path to) throws IOException {
        if (Files.exists(from.resolve(name))) {
            Files.move(from.resolve(name), to.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            PrivateFiles.sync(to);
        }
    }

    private static ProblemException refused(Path copy, String why) {
        return new ProblemException(Problem.broken(
                copy + " " + why + ".",
                "Nothing was changed; name another copy: rungpt:backup makes them in the directory backups."));
    }
}
