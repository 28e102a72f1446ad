package org.rungpt.store.sqlite;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.store.ConversationStore.Change;
import org.rungpt.api.store.ConversationStore.NewEvent;
import org.rungpt.api.store.StoreException;

/** Conversations and their events as rows. The writing ones run inside a transaction. */
final class ConversationSql {
    static final String COLUMNS = "id, title, created, updated, state, model, protocol, last_seq";

    /** Times of updates are apart by at least so many nanoseconds. */
    private static final long TICK = 1000;

    private ConversationSql() {}

    static void create(Session session, Conversation c) throws SQLException, StoreException {
        int made = session.update(
                "insert into conversation (" + COLUMNS
                        + ", indexed) values (?, ?, ?, ?, ?, ?, ?, 0, 1) on conflict do nothing",
                c.id(),
                c.title(),
                nanos(c.created()),
                nanos(c.updated()),
                c.state().name(),
                c.model(),
                c.protocol());
        if (made == 0) {
            throw new StoreException(
                    StoreException.Kind.BROKEN, "There is a conversation " + c.id() + " already; make a new id.");
        }
        SearchSql.put(session, number(session, c.id()), SearchSql.TITLE, c.title());
    }

    static Optional<Conversation> find(Session session, String id) throws SQLException {
        return conversations(session, "where id = ?", id).stream().findFirst();
    }

    static List<Conversation> list(Session session, @Nullable Instant updatedBefore, int limit) throws SQLException {
        long before = updatedBefore == null ? Long.MAX_VALUE : nanos(updatedBefore);
        return conversations(session, "where updated < ? order by updated desc, number desc limit ?", before, limit);
    }

    static List<Conversation> busy(Session session) throws SQLException {
        return conversations(session, "where state <> 'IDLE' order by number");
    }

    static List<ConversationEvent> append(Session session, String id, List<NewEvent> events, Change change, Instant now)
            throws SQLException, StoreException {
        long number;
        long seq;
        try (ResultSet row = session.prepare("select number, last_seq from conversation where id = ?", id)
                .executeQuery()) {
            if (!row.next()) {
                throw new StoreException(
                        StoreException.Kind.NOT_FOUND,
                        "There is no conversation " + id + "; it may have been deleted.");
            }
            number = row.getLong(1);
            seq = row.getLong(2);
        }
        List<ConversationEvent> appended = new ArrayList<>(events.size());
        Instant at = now;
        for (NewEvent event : events) {
            seq++;
            at = event.at() == null ? now : event.at();
            session.update(
                    "insert into event (conversation, seq, at, type, data) values (?, ?, ?, ?, ?)",
                    number,
                    seq,
                    nanos(at),
                    event.type(),
                    event.data());
            if (event.searchText() != null && !event.searchText().isBlank()) {
                SearchSql.put(session, number, seq, event.searchText());
            }
            appended.add(new ConversationEvent(id, seq, at, event.type(), event.data()));
        }
        session.update(
                "update conversation set last_seq = ?, updated = coalesce(?, updated), state = coalesce(?, state),"
                        + " title = coalesce(?, title), model = coalesce(?, model), protocol = coalesce(?, protocol)"
                        + " where number = ?",
                seq,
                events.isEmpty() ? null : at.equals(now) ? nanos(now) : free(session, nanos(at)),
                change.state() == null ? null : change.state().name(),
                change.title(),
                change.model(),
                change.protocol(),
                number);
        if (change.title() != null) {
            SearchSql.put(session, number, SearchSql.TITLE, change.title());
        }
        return List.copyOf(appended);
    }

    /**
     * A time from here on at which no conversation was updated, right behind one at which some was: a list is read on from such a time.
     * Imported conversations often share one and take those that follow, so the end of these is looked for in growing steps, then halfway.
     */
    private static long free(Session session, long nanos) throws SQLException {
        long taken = nanos - TICK;
        long free = nanos;
        for (long step = TICK; isTaken(session, free); step *= 2) {
            taken = free;
            free += step;
        }
        while (free - taken > TICK) {
            long middle = taken + (free - taken) / TICK / 2 * TICK;
            if (isTaken(session, middle)) {
                taken = middle;
            } else {
                free = middle;
            }
        }
        return free;
    }

    private static boolean isTaken(Session session, long nanos) throws SQLException {
        try (ResultSet row = session.prepare("select 1 from conversation where updated = ?", nanos)
                .executeQuery()) {
            return row.next();
        }
    }

    static List<ConversationEvent> events(Session session, String id, long after, int limit) throws SQLException {
        List<ConversationEvent> events = new ArrayList<>();
        // Events that are left to a branch meanwhile are in two stretches, with the same numbers.
        long last = after;
        for (Stretch stretch : stretches(session, id)) {
            if (stretch.upTo() <= last || events.size() == limit) {
                continue;
            }
            try (ResultSet rows = session.prepare(
                            "select seq, at, type, data from event where conversation = ? and seq > ? and seq <= ?"
                                    + " order by seq limit ?",
                            stretch.number(),
                            last,
                            stretch.upTo(),
                            limit - events.size())
                    .executeQuery()) {
                while (rows.next()) {
                    last = rows.getLong(1);
                    events.add(new ConversationEvent(
                            id, last, instant(rows.getLong(2)), rows.getString(3), rows.getString(4)));
                }
            }
        }
        return List.copyOf(events);
    }

    /** A part of a log: the own events of a conversation up to one of them. */
    private record Stretch(long number, long upTo) {}

    /** The log of a branch begins with those of the conversations that it came from. */
    private static List<Stretch> stretches(Session session, String id) throws SQLException {
        Deque<Stretch> stretches = new ArrayDeque<>();
        long upTo = Long.MAX_VALUE;
        Object next = id;
        while (next != null) {
            String by = next instanceof String ? "id" : "number";
            try (ResultSet row = session.prepare(
                            "select number, parent, parent_seq from conversation where " + by + " = ?", next)
                    .executeQuery()) {
                if (!row.next()) {
                    break;
                }
                stretches.addFirst(new Stretch(row.getLong(1), upTo));
                long parent = row.getLong(2);
                next = row.wasNull() ? null : parent;
                upTo = Math.min(upTo, row.getLong(3));
            }
        }
        return List.copyOf(stretches);
    }

    static void delete(Session session, String id) throws SQLException {
        long number;
        try {
            number = number(session, id);
        } catch (StoreException e) {
            return; // gone already
        }
        ArchiveSql.leaveToBranches(session, number);
        SearchSql.forget(session, number);
        session.update("delete from conversation where number = ?", number);
    }

    /** The key of a conversation. */
    static long number(Session session, String id) throws SQLException, StoreException {
        try (ResultSet row = session.prepare("select number from conversation where id = ?", id)
                .executeQuery()) {
            if (!row.next()) {
                throw new StoreException(
                        StoreException.Kind.NOT_FOUND,
                        "There is no conversation " + id + "; it may have been deleted.");
            }
            return row.getLong(1);
        }
    }

    private static List<Conversation> conversations(Session session, String where, Object... arguments)
            throws SQLException {
        List<Conversation> found = new ArrayList<>();
        try (ResultSet row = session.prepare("select " + COLUMNS + " from conversation " + where, arguments)
                .executeQuery()) {
            while (row.next()) {
                found.add(conversation(row));
            }
        }
        return List.copyOf(found);
    }

    /** A row that begins with {@link #COLUMNS}. */
    static Conversation conversation(ResultSet row) throws SQLException {
        return new Conversation(
                row.getString(1),
                row.getString(2),
                instant(row.getLong(3)),
                instant(row.getLong(4)),
                Conversation.State.valueOf(row.getString(5)),
                row.getString(6),
                row.getString(7),
                row.getLong(8));
    }

    static long nanos(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000_000L), instant.getNano());
    }

    private static Instant instant(long nanos) {
        return Instant.ofEpochSecond(0, nanos);
    }
}
