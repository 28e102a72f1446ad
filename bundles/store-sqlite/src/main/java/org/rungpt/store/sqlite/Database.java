package org.rungpt.store.sqlite;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.store.StoreException;
import org.rungpt.files.PrivateFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteJDBCLoader;

/** An open database: a lock, a writer, readers. What is not sound is refused, never repaired or overwritten. */
final class Database {
    private static final Logger LOG = LoggerFactory.getLogger(Database.class);
    private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);
    /** A file up to this size is checked before it is used, a larger one while it is used. */
    private static final long CHECKED_AT_ONCE = 32L << 20;

    /** So long who deletes waits for those who read. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Duration PAUSE = Duration.ofMillis(100);

    private static final String PROBE = "store/probe";
    private static final String PROBE_VALUE = " ".repeat(64 << 10);

    private final Path file;
    private final ServerLock lock;
    private final Session session;
    private final Writer writer;
    private final Readers readers;
    private final Clock clock;
    private final Recovery recovery;
    private final Recovery cleaning;
    private final LogEmptying emptying;
    private volatile @Nullable Problem problem;
    private Instant last = Instant.MIN;

    private Database(Path file, ServerLock lock, Session session, Clock clock) {
        this.file = file;
        this.lock = lock;
        this.session = session;
        this.clock = clock;
        this.writer = new Writer(session, this::failure);
        this.readers = new Readers(file, this::failure);
        this.recovery = new Recovery("rungpt-store-recovery", this::writesAgain);
        this.cleaning = new Recovery("rungpt-store-cleaning", this::logIsEmpty);
        this.emptying = new LogEmptying(this::tryToEmptyLog, () -> cleaning.isClosedWithin(PAUSE));
    }

    /** Opens the database of a data directory, or makes it if there is none. */
    static Database open(Path directory, Schema schema, Clock clock) throws ProblemException {
        Path file = directory.resolve("conversations.db").toAbsolutePath();
        try {
            PrivateFiles.makeDirectories(directory);
            ServerLock lock = ServerLock.take(directory.resolve("conversations.lock"));
            boolean opened = false;
            try {
                Database database = open(file, lock, schema, clock);
                opened = true;
                return database;
            } finally {
                if (!opened) {
                    lock.close();
                }
            }
        } catch (IOException e) {
            throw new ProblemException(Problem.passing(
                    StoreException.Kind.BROKEN,
                    file + " cannot be opened: " + e,
                    "Make " + directory + " writable for the user who runs RunGPT.",
                    e));
        } catch (SQLException e) {
            throw new ProblemException(Problem.of(e, file));
        }
    }

    private static Database open(Path file, ServerLock lock, Schema schema, Clock clock)
            throws IOException, SQLException, ProblemException {
        loadDriver(file.resolveSibling("tmp").resolve("sqlite"));
        new Restore(
                        file.resolveSibling(""),
                        kept -> LOG.info("A restore was cut off and is finished; {} was there before", kept))
                .finish();
        Path log = file.resolveSibling(file.getFileName() + "-wal");
        if (Files.exists(file)) {
            requireDatabase(file);
        } else if (Files.exists(file.resolveSibling(Restore.STAGE))) {
            throw new ProblemException(Problem.broken(
                    "A restore was cut off: " + file + " is missing.",
                    "Repeat it: rungpt restore COPY --data " + file.getParent()));
        } else if (Files.exists(log) && Files.size(log) > 0) {
            throw new ProblemException(Problem.broken(
                    file + " is missing, but its " + log.getFileName() + " is there.",
                    "Put the file back from where it was moved to, or move the -wal file away too to start afresh."));
        } else {
            schema.create(file);
        }
        // SQLite gives -wal and -shm the mode of the database.
        PrivateFiles.restrict(file);
        PrivateFiles.restrict(log);
        PrivateFiles.restrict(file.resolveSibling(file.getFileName() + "-shm"));
        Session session = Session.open(file);
        boolean opened = false;
        try {
            boolean large = Files.size(file) > CHECKED_AT_ONCE;
            if (!large) {
                check(session, file);
            }
            schema.update(session, file);
            session.execute("pragma journal_mode = wal");
            session.execute("pragma journal_size_limit = 67108864");
            session.execute("pragma secure_delete = on");
            requireWritable(session);
            Database database = new Database(file, lock, session, clock);
            database.writer.start();
            if (Files.exists(log) && Files.size(log) > 0) {
                // What a process deleted that was killed then.
                database.cleaning.start();
            }
            if (large) {
                database.checkMeanwhile();
            }
            opened = true;
            return database;
        } finally {
            if (!opened) {
                session.close();
            }
        }
    }

    /** The driver unpacks its native library: into a directory that nobody else can write. */
    static void loadDriver(Path directory) throws IOException, SQLException {
        PrivateFiles.makeOwnDirectory(directory.resolveSibling(""));
        PrivateFiles.makeOwnDirectory(directory);
        if (System.getProperty("org.sqlite.tmpdir") == null) {
            System.setProperty("org.sqlite.tmpdir", directory.toString());
        }
        try {
            SQLiteJDBCLoader.initialize();
        } catch (Exception e) {
            throw new SQLException("The SQLite library cannot be loaded: " + e.getMessage(), e);
        }
        try (var files = Files.list(directory)) {
            for (Path unpacked : files.toList()) {
                PrivateFiles.restrict(unpacked);
            }
        }
    }

    static void requireDatabase(Path file) throws IOException, ProblemException {
        if (!Files.isRegularFile(file)) {
            throw new ProblemException(
                    Problem.broken(file + " is not a file.", "Move it away, or use another --data directory."));
        }
        byte[] begin;
        try (var in = Files.newInputStream(file)) {
            begin = in.readNBytes(MAGIC.length);
        }
        if (begin.length == 0) {
            throw new ProblemException(Problem.damaged(file, "it is empty."));
        }
        if (!Arrays.equals(begin, MAGIC)) {
            throw new ProblemException(Problem.damaged(file, "it is not an SQLite database."));
        }
    }

    /** SQLite opens a file that it cannot write for reading alone, and it would stay so. */
    private static void requireWritable(Session session) throws SQLException {
        session.execute("begin immediate");
        session.execute("pragma user_version = " + session.number("pragma user_version"));
        session.execute("rollback");
    }

    private static void check(Session session, Path file) throws SQLException, ProblemException {
        String found = session.text("pragma quick_check(1)");
        if (!found.equals("ok")) {
            throw new ProblemException(Problem.damaged(file, found));
        }
    }

    private void checkMeanwhile() {
        Thread thread = new Thread(
                () -> {
                    try (Session own = Session.open(file)) {
                        check(own, file);
                    } catch (ProblemException e) {
                        problem = e.problem();
                    } catch (SQLException e) {
                        failure(e);
                    }
                },
                "rungpt-store-check");
        thread.setDaemon(true);
        thread.start();
    }

    <T> T read(Work<T> work) throws StoreException {
        requireSound();
        return readers.read(work);
    }

    <T extends @Nullable Object> T write(Work<T> work) throws StoreException {
        requireSound();
        T result = writer.write(work);
        Problem before = problem;
        if (before != null && !before.lasting()) {
            problem = null;
            LOG.info("{} can be written again", file);
        }
        return result;
    }

    /** The time of a write: each is later than the one before, so that order by time is order of commit. Of the one that writes. */
    Instant now() {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        last = now.isAfter(last) ? now : last.plus(1, ChronoUnit.MICROS);
        return last;
    }

    /**
     * Takes what was deleted out of the write-ahead log too, after waiting for those who read.
     *
     * @throws StoreException if somebody reads for long: then it is done in the background as soon as that ends
     */
    void emptyLog() throws StoreException {
        String why = "somebody reads the database for long just now, such as a backup";
        try {
            if (emptying.within(PATIENCE)) {
                return;
            }
        } catch (SQLException e) {
            why = Problem.of(e, file).reason();
        }
        cleaning.start();
        throw new StoreException(
                StoreException.Kind.BROKEN,
                "What was deleted is still in " + file + "-wal: " + why
                        + ". It goes by itself when that has ended; until then keep the file to yourself.");
    }

    /** A checkpoint that others are in the way of says so in a row, not by an exception. While it waits for them nobody writes: not for long. */
    private boolean tryToEmptyLog() throws SQLException {
        try (Session own = Session.open(file)) {
            own.execute("pragma busy_timeout = 100");
            return own.number("pragma wal_checkpoint(truncate)") == 0;
        }
    }

    private boolean logIsEmpty() {
        try {
            return tryToEmptyLog();
        } catch (SQLException e) {
            LOG.debug("The write-ahead log was not emptied: {}", e.getMessage());
            return false;
        }
    }

    /** What is wrong with it. */
    Optional<Problem> problem() {
        return Optional.ofNullable(problem);
    }

    Path file() {
        return file;
    }

    /** Copies everything of the conversations into a new directory, or into one in {@code backups}. */
    Path backUp(@Nullable Path target) throws StoreException {
        requireSound();
        Path data = file.resolveSibling("");
        try (Session copying = Session.open(file)) {
            Path copy = target == null
                    ? Backups.named(data, "conversations-", "")
                    : target.toAbsolutePath().normalize();
            if (Files.exists(copy, LinkOption.NOFOLLOW_LINKS)) {
                throw new StoreException(
                        StoreException.Kind.BROKEN, copy + " is there already; name a new directory for the copy.");
            }
            for (String directory : Backups.BESIDE) {
                if (copy.startsWith(data.resolve(directory))) {
                    throw new StoreException(
                            StoreException.Kind.BROKEN, copy + " would lie in what is copied; name another directory.");
                }
            }
            Backups.copyAll(copying, data, copy);
            return copy;
        } catch (ProblemException e) {
            throw new StoreException(
                    StoreException.Kind.BROKEN,
                    "Nothing was copied: " + e.problem().exception().getMessage(),
                    e);
        } catch (IOException e) {
            throw new StoreException(
                    StoreException.Kind.BROKEN,
                    "The copy " + (target == null ? "" : target + " ") + "cannot be written: " + e
                            + "; choose a directory that exists and has room.",
                    e);
        } catch (SQLException e) {
            throw failure(e);
        }
    }

    /** Reads everything, also what indexes say of tables. */
    List<String> integrity() throws StoreException {
        List<String> found = new ArrayList<>();
        try (Session own = Session.open(file);
                ResultSet rows = own.prepare("pragma integrity_check(20)").executeQuery()) {
            while (rows.next()) {
                if (!"ok".equals(rows.getString(1))) {
                    found.add(rows.getString(1).replaceAll("\\s+", " "));
                }
            }
        } catch (SQLException e) {
            throw failure(e);
        }
        return List.copyOf(found);
    }

    /** Finishes what was begun, moves the write-ahead log into the database, and lets go of it. */
    void close() throws SQLException, IOException {
        try {
            recovery.close();
            cleaning.close();
            writer.close();
            readers.close();
            tidyUp();
        } finally {
            try {
                session.close();
            } finally {
                lock.close();
            }
        }
    }

    /** What a full disk does not let it do, the next start does. */
    private void tidyUp() {
        try {
            session.execute("pragma optimize");
            session.text("pragma wal_checkpoint(truncate)");
        } catch (SQLException e) {
            LOG.warn("{} is closed as it is: {}", file, e.getMessage());
        }
    }

    private void requireSound() throws StoreException {
        Problem known = problem;
        if (known != null && known.lasting()) {
            throw known.exception();
        }
    }

    private StoreException failure(Throwable e) {
        Problem found = e instanceof SQLException s
                ? Problem.of(s, file)
                : Problem.passing(
                        StoreException.Kind.BROKEN,
                        "The store failed: " + e,
                        "Try again; if it happens again, restart RunGPT.",
                        e);
        if (Problem.isOfTheFile(e)) {
            if (problem == null) {
                LOG.warn("{} {}", found.reason(), found.remedy());
            }
            problem = found;
            if (!found.lasting()) {
                recovery.start();
            }
        }
        return found.exception();
    }

    /** Whether something can be written again, as much as a message has. False while it cannot. */
    private boolean writesAgain() {
        try {
            write(session -> {
                SettingSql.put(session, PROBE, PROBE_VALUE);
                return true;
            });
            write(session -> {
                SettingSql.remove(session, PROBE);
                return true;
            });
            return true;
        } catch (StoreException e) {
            LOG.debug("Not yet: {}", e.getMessage());
            return false;
        }
    }
}
