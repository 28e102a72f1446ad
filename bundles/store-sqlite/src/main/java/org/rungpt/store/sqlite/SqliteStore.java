package org.rungpt.store.sqlite;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;
import org.rungpt.api.store.ConversationArchive;
import org.rungpt.api.store.ConversationStore;
import org.rungpt.api.store.Settings;
import org.rungpt.api.store.StoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteJDBCLoader;

/**
 * Conversations and settings in {@code conversations.db} of the data directory. It is there even when the database is not: then it
 * says why, and goes on by itself when what was in the way is gone.
 */
@Component(
        service = {ConversationStore.class, ConversationArchive.class, Settings.class, StatusSource.class},
        configurationPid = "org.rungpt.store.sqlite")
@Designate(ocd = SqliteStore.Config.class)
public final class SqliteStore implements ConversationStore, ConversationArchive, Settings, StatusSource {
    private static final Logger LOG = LoggerFactory.getLogger(SqliteStore.class);
    private static final int LONGEST_SETTING = 64 * 1024;
    private static final int OPENING_SECONDS = 10;
    private static final long AGAIN_MILLIS = 50;

    /** How to configure it. */
    @ObjectClassDefinition(name = "RunGPT store (SQLite)", description = "Where conversations and settings are kept.")
    public @interface Config {
        @AttributeDefinition(
                name = "Directory",
                description = "Directory of conversations.db; empty for the data directory of the server.")
        String directory() default "";
    }

    private final Path directory;
    private final Schema schema;
    private final Thread opener = new Thread(this::open, "rungpt-store-open");
    private final CountDownLatch tried = new CountDownLatch(1);
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile @Nullable Database database;
    private volatile @Nullable Problem problem;

    @Activate
    public SqliteStore(Config config) throws IOException {
        this(directory(config), Schema.current());
    }

    SqliteStore(Path directory, Schema schema) {
        this.directory = directory;
        this.schema = schema;
        opener.setDaemon(true);
        opener.start();
    }

    private static Path directory(Config config) {
        String fallback = System.getProperty("rungpt.data", System.getProperty("user.home") + "/.rungpt");
        return Path.of(config.directory().isBlank() ? fallback : config.directory());
    }

    /** Finishes what was begun and hands the database over to whoever comes next. */
    @Deactivate
    public void close() {
        closing.countDown();
        Uninterrupted.await(60, nanos -> {
            opener.join(Math.max(1, nanos / 1_000_000));
            return true;
        });
        Database open = database;
        database = null;
        if (open != null) {
            try {
                open.close();
                LOG.info("Store closed: {}", open.file());
            } catch (SQLException | IOException e) {
                LOG.warn("Store closed with an error: {}: {}", open.file(), e.getMessage());
            }
        }
    }

    /** Opens the database, again and again while another store has it. */
    private void open() {
        @Nullable Problem told = null;
        do {
            try {
                database = Database.open(directory, schema, Clock.systemUTC());
                problem = null;
                LOG.info("Store open: {}", directory.resolve("conversations.db"));
            } catch (ProblemException e) {
                problem = e.problem();
                if (told == null || !told.reason().equals(e.problem().reason())) {
                    told = e.problem();
                    LOG.warn("{} {}", told.reason(), told.remedy());
                }
            } catch (RuntimeException | Error e) {
                problem = Problem.broken("The store cannot be opened: " + e, "Restart RunGPT.");
                LOG.error("The store cannot be opened", e);
            }
            tried.countDown();
        } while (mayHelpToTryAgain() && !closingWithin(AGAIN_MILLIS));
    }

    private boolean mayHelpToTryAgain() {
        Problem known = problem;
        return known != null && !known.lasting();
    }

    private boolean closingWithin(long millis) {
        return Uninterrupted.await(0, nanos -> closing.await(millis, TimeUnit.MILLISECONDS));
    }

    private Database database() throws StoreException {
        Uninterrupted.await(OPENING_SECONDS, nanos -> tried.await(nanos, TimeUnit.NANOSECONDS));
        Database open = database;
        if (open != null) {
            return open;
        }
        Problem known = problem;
        throw known == null || closing.getCount() == 0 ? Problem.closed() : known.exception();
    }

    @Override
    public void create(Conversation conversation) throws StoreException {
        database().write(session -> {
            ConversationSql.create(session, conversation);
            return true;
        });
    }

    @Override
    public Optional<Conversation> find(String id) throws StoreException {
        return database().read(session -> ConversationSql.find(session, id));
    }

    @Override
    public List<Conversation> list(@Nullable Instant updatedBefore, int limit) throws StoreException {
        requireLimit(limit, 1000);
        return database().read(session -> ConversationSql.list(session, updatedBefore, limit));
    }

    @Override
    public List<Conversation> busy() throws StoreException {
        return database().read(ConversationSql::busy);
    }

    @Override
    public List<ConversationEvent> append(String conversation, List<NewEvent> events, Change change)
            throws StoreException {
        List<NewEvent> own = List.copyOf(events);
        Database open = database();
        return open.write(session -> ConversationSql.append(session, conversation, own, change, open.now()));
    }

    @Override
    public List<ConversationEvent> events(String conversation, long after, int limit) throws StoreException {
        requireLimit(limit, 10_000);
        return database().read(session -> ConversationSql.events(session, conversation, after, limit));
    }

    @Override
    public void delete(String conversation) throws StoreException {
        Database open = database();
        open.write(session -> {
            ConversationSql.delete(session, conversation);
            return true;
        });
        open.emptyLog();
    }

    @Override
    public Optional<Entry> entry(String id) throws StoreException {
        return database().read(session -> ArchiveSql.entry(session, id));
    }

    @Override
    public List<Entry> list(Which which, @Nullable String tag, @Nullable Instant updatedBefore, int limit)
            throws StoreException {
        requireLimit(limit, 1000);
        return database().read(session -> ArchiveSql.list(session, which, tag, updatedBefore, limit));
    }

    @Override
    public Entry label(String id, UnaryOperator<Labels> change) throws StoreException {
        var refused = new AtomicReference<@Nullable IllegalArgumentException>();
        Entry labelled = database()
                .write(session -> ArchiveSql.label(session, id, before -> {
                    refused.set(null);
                    try {
                        return change.apply(before);
                    } catch (IllegalArgumentException e) {
                        // The caller's mistake, not the database's.
                        refused.set(e);
                        return before;
                    }
                }));
        IllegalArgumentException wrong = refused.get();
        if (wrong != null) {
            throw wrong;
        }
        return labelled;
    }

    @Override
    public List<Hit> search(String query, int limit) throws StoreException {
        requireLimit(limit, 200);
        return database().read(session -> SearchSql.search(session, query, limit));
    }

    @Override
    public void branch(Conversation made, Origin origin, List<NewEvent> events) throws StoreException {
        List<NewEvent> own = List.copyOf(events);
        Database open = database();
        open.write(session -> {
            ArchiveSql.branch(session, made, origin);
            return own.isEmpty()
                    || !ConversationSql.append(session, made.id(), own, Change.NONE, open.now())
                            .isEmpty();
        });
    }

    @Override
    public List<Entry> family(String id) throws StoreException {
        return database().read(session -> ArchiveSql.family(session, id));
    }

    @Override
    public List<String> unindexed(int limit) throws StoreException {
        return database().read(session -> SearchSql.unindexed(session, limit));
    }

    @Override
    public void index(String conversation, Map<Long, String> texts) throws StoreException {
        database().write(session -> {
            SearchSql.index(session, conversation, texts);
            return true;
        });
    }

    @Override
    public Path backUp(@Nullable Path copy) throws StoreException {
        return database().backUp(copy);
    }

    @Override
    public List<String> check() throws StoreException {
        return database().integrity();
    }

    @Override
    public Optional<String> get(String key) throws StoreException {
        return database().read(session -> SettingSql.get(session, key));
    }

    @Override
    public Map<String, String> withPrefix(String prefix) throws StoreException {
        return database().read(session -> SettingSql.withPrefix(session, prefix));
    }

    @Override
    public void put(String key, String json) throws StoreException {
        int length = json.getBytes(StandardCharsets.UTF_8).length;
        if (length > LONGEST_SETTING) {
            throw new IllegalArgumentException("Setting " + key + " has " + length + " bytes, at most "
                    + LONGEST_SETTING + " are kept: make it shorter.");
        }
        Objects.requireNonNull(key, "key");
        database().write(session -> {
            SettingSql.put(session, key, json);
            return true;
        });
    }

    @Override
    public void remove(String key) throws StoreException {
        database().write(session -> {
            SettingSql.remove(session, key);
            return true;
        });
    }

    @Override
    public String id() {
        return "store";
    }

    @Override
    public String title() {
        return "Conversation store";
    }

    @Override
    public Readiness readiness() {
        Database open = database;
        Optional<Problem> found = open == null ? Optional.ofNullable(problem) : open.problem();
        if (found.isPresent()) {
            return found.get().readiness();
        }
        return open == null
                ? Readiness.unready("The database is being opened.", null)
                : Readiness.ready("SQLite " + SQLiteJDBCLoader.getVersion() + ", " + open.file());
    }

    private static void requireLimit(int limit, int most) {
        if (limit < 1 || limit > most) {
            throw new IllegalArgumentException("The limit is " + limit + ", it must be 1 to " + most + ".");
        }
    }
}
