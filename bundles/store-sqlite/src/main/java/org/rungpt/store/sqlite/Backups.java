package org.rungpt.store.sqlite;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import org.rungpt.files.PrivateFiles;

/** The copies of the database in {@code backups} beside it. */
final class Backups {
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuuMMdd-HHmmss-SSS").withZone(ZoneOffset.UTC);

    private Backups() {}

    /** Copies the database as it is now; others may go on writing. */
    static Path copy(Session session, Path database, String label) throws IOException, SQLException {
        Path directory = database.resolveSibling("backups");
        PrivateFiles.makeOwnDirectory(directory);
        Path copy = directory.resolve("conversations-" + STAMP.format(Instant.now()) + "-" + label + ".db");
        return copyTo(session, copy);
    }

    /** Copies the database into a file of the user's choice, which must be new. */
    static Path copyTo(Session session, Path copy) throws IOException, SQLException {
        PrivateFiles.makeFile(copy);
        boolean complete = false;
        try {
            write(session, copy);
            complete = true;
            return copy;
        } finally {
            if (!complete) {
                Files.deleteIfExists(copy);
            }
        }
    }

    private static void write(Session session, Path copy) throws IOException, SQLException {
        session.prepare("vacuum into ?", copy.toString()).execute();
        try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        PrivateFiles.sync(copy.resolveSibling(""));
    }

    /** What a user can do about a damaged database. */
    static String remedy(Path database) {
        return "Stop RunGPT, move " + database.getFileName() + " and its -wal file away, "
                + newest(database)
                        .map(copy -> "and put the copy " + copy + " in its place.")
                        .orElse("and put a copy in its place, or start afresh without one.");
    }

    private static Optional<Path> newest(Path database) {
        Path directory = database.resolveSibling("backups");
        if (!Files.isDirectory(directory)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".db")).max(Comparator.naturalOrder());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
