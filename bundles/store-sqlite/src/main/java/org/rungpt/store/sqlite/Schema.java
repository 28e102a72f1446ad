package org.rungpt.store.sqlite;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.rungpt.files.PrivateFiles;

/**
 * The versions of the tables: one script a version, {@code user_version} says which were run. A database is at the old or at the new
 * version, never between, and before it changes a copy is made.
 */
final class Schema {
    /** "RGPT": tells our databases from other people's. */
    private static final int APPLICATION_ID = 0x52475054;

    private static final List<String> RESOURCES = List.of("schema/1.sql", "schema/2.sql", "schema/3.sql");

    private final List<String> scripts;

    Schema(List<String> scripts) {
        this.scripts = scripts;
    }

    static Schema current() throws IOException {
        List<String> scripts = new ArrayList<>();
        for (String resource : RESOURCES) {
            try (InputStream in = Schema.class.getResourceAsStream(resource)) {
                if (in == null) {
                    throw new IOException("The bundle lacks " + resource);
                }
                scripts.add(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return new Schema(scripts);
    }

    /** Makes a new database: complete on disk before it gets its name. */
    void create(Path file) throws IOException, SQLException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(unfinished);
        Files.deleteIfExists(file.resolveSibling(file.getFileName() + ".new-journal"));
        PrivateFiles.makeFile(unfinished);
        try (Session session = Session.open(unfinished)) {
            session.execute("pragma application_id = " + APPLICATION_ID);
            migrate(session, 0);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        PrivateFiles.sync(file.resolveSibling(""));
    }

    /** Brings a database that is there to the current version. */
    void update(Session session, Path file) throws IOException, SQLException, ProblemException {
        int version = requireKnown(session, file);
        if (version < scripts.size()) {
            Backups.copy(session, file, "before-schema-" + scripts.size());
            migrate(session, version);
        }
    }

    /** @return the version of a database that this program can use */
    int requireKnown(Session session, Path file) throws SQLException, ProblemException {
        if (session.number("pragma application_id") != APPLICATION_ID) {
            throw new ProblemException(Problem.broken(
                    file + " is a database of another program.", "Move it away, or use another --data directory."));
        }
        int version = session.number("pragma user_version");
        if (version > scripts.size()) {
            throw new ProblemException(Problem.broken(
                    file + " was written by a newer RunGPT (schema " + version + ", this one knows up to "
                            + scripts.size() + ").",
                    "Start the newer RunGPT, or use another --data directory."));
        }
        return version;
    }

    private void migrate(Session session, int from) throws SQLException {
        session.execute("begin immediate");
        try {
            for (int version = from; version < scripts.size(); version++) {
                session.script(scripts.get(version));
            }
            session.execute("pragma user_version = " + scripts.size());
            session.execute("commit");
        } catch (SQLException e) {
            session.execute("rollback");
            throw e;
        }
    }
}
