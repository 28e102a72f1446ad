package org.rungpt.store.sqlite;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserPrincipal;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.rungpt.files.Directories;
import org.rungpt.files.PrivateFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The copies in {@code backups} of the data directory: of everything, or before a change of its tables of the database alone. */
final class Backups {
    static final String DATABASE = "conversations.db";

    /** What lies beside the database and belongs to conversations: the files of calls, and what calls changed in workspaces. */
    static final List<String> BESIDE = List.of("artifacts", "journal");

    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuuMMdd-HHmmss-SSS").withZone(ZoneOffset.UTC);

    /** In a copy that is being made: locked by whoever makes it, for as long as it lives. */
    private static final String WRITING = ".writing";

    private static final Pattern UNFINISHED = Pattern.compile("\\..*-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.new");

    private static final String UNFINISHED_DATABASE = ".conversations.db.new";

    private static final Logger LOG = LoggerFactory.getLogger(Backups.class);

    private Backups() {}

    /** Copies the database alone, as it is now; others may go on writing, but nobody else makes such a copy. It gets its name when it is complete. */
    static Path copy(Session session, Path database, String label) throws IOException, SQLException {
        Path copy = named(database.resolveSibling(""), "conversations-", "-" + label + ".db");
        Path unfinished = copy.resolveSibling(UNFINISHED_DATABASE);
        Files.deleteIfExists(unfinished); // whoever wrote it was killed
        PrivateFiles.makeFile(unfinished);
        try {
            write(session, unfinished);
            Files.move(unfinished, copy, StandardCopyOption.ATOMIC_MOVE);
            PrivateFiles.sync(copy.resolveSibling(""));
            return copy;
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /** A new name in the directory of backups. */
    static Path named(Path data, String before, String after) throws IOException {
        Path directory = data.resolve("backups");
        PrivateFiles.makeOwnDirectory(directory);
        return directory.resolve(before + STAMP.format(Instant.now()) + after);
    }

    /**
     * Copies everything into a new directory while others go on writing: the database first, then the files, so that whatever it names is
     * there. It gets its name when it is complete and found sound.
     */
    static void copyAll(Session session, Path data, Path copy) throws IOException, SQLException, ProblemException {
        removeLeftBeside(copy, Files.getOwner(data));
        // No name that another copy or a user has: what has it is deleted if this fails.
        Path unfinished = copy.resolveSibling("." + copy.getFileName() + "-" + UUID.randomUUID() + ".new");
        PrivateFiles.makeOwnDirectory(unfinished);
        boolean complete = false;
        try (ServerLock writing = ServerLock.take(unfinished.resolve(WRITING))) {
            Path database = unfinished.resolve(DATABASE);
            PrivateFiles.makeFile(database);
            write(session, database);
            requireSound(database);
            for (String directory : BESIDE) {
                if (Files.isDirectory(data.resolve(directory))) {
                    Trees.copy(data.resolve(directory), unfinished.resolve(directory));
                }
            }
            Checksums.write(unfinished);
            Files.move(unfinished, copy, StandardCopyOption.ATOMIC_MOVE);
            PrivateFiles.sync(copy.resolveSibling(""));
            complete = true;
            Files.deleteIfExists(copy.resolve(WRITING));
        } finally {
            if (!complete) {
                Directories.delete(unfinished);
            }
        }
    }

    /** Removes what copies left beside this one whose writers were killed. What cannot be removed now stays for the next. */
    private static void removeLeftBeside(Path copy, UserPrincipal us) {
        try (Stream<Path> beside = Files.list(copy.resolveSibling(""))) {
            beside.filter(one ->
                            UNFINISHED.matcher(one.getFileName().toString()).matches())
                    .forEach(one -> removeIfLeft(one, us));
        } catch (IOException | UncheckedIOException e) {
            LOG.debug("Beside {} may lie what killed copies left: {}", copy, e.toString());
        }
    }

    private static void removeIfLeft(Path unfinished, UserPrincipal us) {
        Path lock = unfinished.resolve(WRITING);
        try {
            boolean ours = Files.isDirectory(unfinished, LinkOption.NOFOLLOW_LINKS)
                    && Files.getOwner(unfinished, LinkOption.NOFOLLOW_LINKS).equals(us);
            // A lock that is empty was only made, and not yet taken.
            if (ours && Files.isRegularFile(lock, LinkOption.NOFOLLOW_LINKS) && Files.size(lock) > 0) {
                try (ServerLock left = ServerLock.take(lock)) {
                    Directories.delete(unfinished);
                }
            }
        } catch (ProblemException e) {
            LOG.debug("{} is being written", unfinished);
        } catch (IOException e) {
            LOG.debug("{} stays for now: {}", unfinished, e.toString());
        }
    }

    private static void write(Session session, Path copy) throws IOException, SQLException {
        session.prepare("vacuum into ?", copy.toString()).execute();
        try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        PrivateFiles.sync(copy.resolveSibling(""));
    }

    /** Reads the whole of a database. */
    static void requireSound(Path database) throws SQLException, ProblemException {
        try (Session session = Session.open(database)) {
            String found = session.text("pragma integrity_check(1)");
            if (!found.equals("ok")) {
                throw new ProblemException(Problem.broken(
                        database.getFileName() + " is damaged: " + found, "Look at ./rungpt doctor, and at the disk."));
            }
        }
    }

    /** What a user can do about a damaged database. */
    static String remedy(Path database) {
        Path data = database.toAbsolutePath().resolveSibling("");
        String command = "Stop RunGPT, then go back to a copy, which keeps what is there aside: rungpt restore ";
        return newest(data)
                .map(copy -> command + copy + " --data " + data)
                .orElse(command + "COPY --data " + data + " (there is none in " + data.resolve("backups")
                        + "). To start afresh, move " + database.getFileName() + " and its -wal file away.");
    }

    private static Optional<Path> newest(Path data) {
        Path directory = data.resolve("backups");
        if (!Files.isDirectory(directory)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith("conversations-"))
                    .filter(file -> file.toString().endsWith(".db") || Files.exists(file.resolve(Checksums.FILE)))
                    .max(Comparator.naturalOrder());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
