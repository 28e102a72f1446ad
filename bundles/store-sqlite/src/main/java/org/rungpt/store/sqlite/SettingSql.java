package org.rungpt.store.sqlite;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Settings as rows. The writing ones run inside a transaction. */
final class SettingSql {
    private SettingSql() {}

    static Optional<String> get(Session session, String key) throws SQLException {
        try (ResultSet row =
                session.prepare("select value from setting where key = ?", key).executeQuery()) {
            return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
        }
    }

    static Map<String, String> withPrefix(Session session, String prefix) throws SQLException {
        SortedMap<String, String> found = new TreeMap<>();
        try (ResultSet row = session.prepare("select key, value from setting where key >= ? order by key", prefix)
                .executeQuery()) {
            while (row.next() && row.getString(1).startsWith(prefix)) {
                found.put(row.getString(1), row.getString(2));
            }
        }
        return Collections.unmodifiableSortedMap(found);
    }

    static void put(Session session, String key, String json) throws SQLException {
        session.update(
                "insert into setting (key, value) values (?, ?) on conflict (key) do update set value = excluded.value",
                key,
                json);
    }

    static void remove(Session session, String key) throws SQLException {
        session.update("delete from setting where key = ?", key);
    }
}
