package org.rungpt.store.sqlite;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteOpenMode;

/** A connection with the statements that were prepared on it. For one thread at a time. */
final class Session implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    private final Connection connection;
    private final Map<String, PreparedStatement> prepared = new HashMap<>();

    private Session(Connection connection) {
        this.connection = connection;
    }

    /** Opens a file, which must be there. */
    static Session open(Path file) throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        config.resetOpenMode(SQLiteOpenMode.CREATE);
        Session session = new Session(config.createConnection("jdbc:sqlite:" + file));
        try {
            session.execute("pragma busy_timeout = 5000");
            session.execute("pragma trusted_schema = off");
            session.execute("pragma cell_size_check = on");
            session.execute("pragma foreign_keys = on");
            session.execute("pragma synchronous = full");
            session.execute("pragma temp_store = memory");
            return session;
        } catch (SQLException e) {
            session.close();
            throw e;
        }
    }

    /** Binds the arguments (String, Long, Integer or null) to the statement, which is prepared once. */
    PreparedStatement prepare(String sql, @Nullable Object... arguments) throws SQLException {
        PreparedStatement statement = prepared.get(sql);
        if (statement == null) {
            statement = connection.prepareStatement(sql);
            prepared.put(sql, statement);
        }
        for (int i = 0; i < arguments.length; i++) {
            statement.setObject(i + 1, arguments[i]);
        }
        return statement;
    }

    /** Prepares every statement anew. */
    void forgetStatements() {
        for (PreparedStatement statement : prepared.values()) {
            try {
                statement.close();
            } catch (SQLException e) {
                // It told of the failure that it had before.
                LOG.debug("A statement was closed: {}", e.getMessage());
            }
        }
        prepared.clear();
    }

    int update(String sql, @Nullable Object... arguments) throws SQLException {
        return prepare(sql, arguments).executeUpdate();
    }

    void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Runs several statements. */
    void script(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }

    /** The first column of the first row. */
    String text(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getString(1) : "";
        }
    }

    int number(String sql) throws SQLException {
        return Integer.parseInt(text(sql));
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
