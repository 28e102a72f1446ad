package org.rungpt.store.sqlite;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.store.ConversationArchive.Entry;
import org.rungpt.api.store.ConversationArchive.Labels;
import org.rungpt.api.store.ConversationArchive.Origin;
import org.rungpt.api.store.ConversationArchive.Which;
import org.rungpt.api.store.StoreException;

/** Labels and branches as rows. The writing methods run inside a transaction. */
final class ArchiveSql {
    private ArchiveSql() {}

    static Optional<Entry> entry(Session session, String id) throws SQLException {
        return entries(session, "where id = ?", id).stream().findFirst();
    }

    static List<Entry> list(
            Session session, Which which, @Nullable String tag, @Nullable Instant updatedBefore, int limit)
            throws SQLException {
        String marked =
                switch (which) {
                    case CURRENT -> " and archived = 0";
                    case PINNED -> " and pinned = 1";
                    case ARCHIVED -> " and archived = 1";
                    case ALL -> "";
                };
        long before = updatedBefore == null ? Long.MAX_VALUE : ConversationSql.nanos(updatedBefore);
        String end = " order by updated desc, number desc limit ?";
        return tag == null
                ? entries(session, "where updated < ?" + marked + end, before, limit)
                : entries(
                        session,
                        "where updated < ?" + marked + " and number in (select conversation from tag where name = ?)"
                                + end,
                        before,
                        tag,
                        limit);
    }

    static Entry label(Session session, String id, UnaryOperator<Labels> change) throws SQLException, StoreException {
        long number = ConversationSql.number(session, id);
        Entry before = entries(session, "where number = ?", number).get(0);
        Labels labels = change.apply(before.labels());
        session.update(
                "update conversation set pinned = ?, archived = ? where number = ?",
                labels.pinned() ? 1 : 0,
                labels.archived() ? 1 : 0,
                number);
        session.update("delete from tag where conversation = ?", number);
        for (String tag : labels.tags()) {
            session.update("insert into tag (conversation, name) values (?, ?)", number, tag);
        }
        return new Entry(before.conversation(), labels, before.origin());
    }

    /** A branch is a version of what it came from, and labels are for all of them. */
    static void branch(Session session, Conversation made, Origin origin) throws SQLException, StoreException {
        long parent = ConversationSql.number(session, origin.conversation());
        long last = ConversationSql.find(session, origin.conversation())
                .orElseThrow()
                .lastSeq();
        if (origin.seq() < 0 || origin.seq() > last) {
            throw new StoreException(
                    StoreException.Kind.NOT_FOUND,
                    "Conversation " + origin.conversation() + " has no event " + origin.seq());
        }
        ConversationSql.create(session, made);
        session.update(
                "update conversation set parent = ?, parent_seq = ?, last_seq = ?,"
                        + " (pinned, archived) = (select pinned, archived from conversation where number = ?) where id = ?",
                parent,
                origin.seq(),
                origin.seq(),
                parent,
                made.id());
        session.update(
                "insert into tag (conversation, name) select ?, name from tag where conversation = ?",
                ConversationSql.number(session, made.id()),
                parent);
    }

    static List<Entry> family(Session session, String id) throws SQLException {
        return entries(
                session,
                "where number in (with recursive"
                        + " up (number, parent) as (select number, parent from conversation where id = ?"
                        + " union select c.number, c.parent from conversation c join up on c.number = up.parent),"
                        + " down (number) as (select number from up where parent is null"
                        + " union select c.number from conversation c join down on c.parent = down.number)"
                        + " select number from down) order by number",
                id);
    }

    /** What branches share with a conversation becomes their own before it is deleted. */
    static void leaveToBranches(Session session, long number) throws SQLException {
        long shared;
        Long parent;
        try (ResultSet row = session.prepare("select parent, parent_seq from conversation where number = ?", number)
                .executeQuery()) {
            row.next();
            long value = row.getLong(1);
            parent = row.wasNull() ? null : value;
            shared = row.getLong(2);
        }
        record Branch(long number, long seq) {}
        List<Branch> branches = new ArrayList<>();
        try (ResultSet rows = session.prepare("select number, parent_seq from conversation where parent = ?", number)
                .executeQuery()) {
            while (rows.next()) {
                branches.add(new Branch(rows.getLong(1), rows.getLong(2)));
            }
        }
        for (Branch branch : branches) {
            session.update(
                    "insert into event (conversation, seq, at, type, data)"
                            + " select ?, seq, at, type, data from event where conversation = ? and seq <= ?",
                    branch.number(),
                    number,
                    branch.seq());
            for (Text text : texts(session, number, branch.seq())) {
                SearchSql.put(session, branch.number(), text.seq(), text.text());
            }
            session.update(
                    "update conversation set parent = ?, parent_seq = ? where number = ?",
                    parent,
                    parent == null ? 0L : Math.min(branch.seq(), shared),
                    branch.number());
        }
    }

    private record Text(long seq, String text) {}

    private static List<Text> texts(Session session, long number, long upTo) throws SQLException {
        List<Text> texts = new ArrayList<>();
        try (ResultSet rows = session.prepare(
                        "select s.seq, t.text from searchable s join search t on t.rowid = s.id"
                                + " where s.conversation = ? and s.seq between 1 and ?",
                        number,
                        upTo)
                .executeQuery()) {
            while (rows.next()) {
                texts.add(new Text(rows.getLong(1), rows.getString(2)));
            }
        }
        return texts;
    }

    private static List<Entry> entries(Session session, String where, Object... arguments) throws SQLException {
        List<Entry> found = new ArrayList<>();
        try (ResultSet row = session.prepare(
                        "select " + ConversationSql.COLUMNS + ", pinned, archived,"
                                + " (select group_concat(name, char(10)) from tag where conversation = number),"
                                + " (select p.id from conversation p where p.number = conversation.parent), parent_seq"
                                + " from conversation " + where,
                        arguments)
                .executeQuery()) {
            while (row.next()) {
                String tags = row.getString(11);
                String parent = row.getString(12);
                found.add(new Entry(
                        ConversationSql.conversation(row),
                        new Labels(
                                row.getBoolean(9),
                                row.getBoolean(10),
                                tags == null ? List.of() : List.of(tags.split("\n"))),
                        parent == null ? null : new Origin(parent, row.getLong(13))));
            }
        }
        return List.copyOf(found);
    }
}
