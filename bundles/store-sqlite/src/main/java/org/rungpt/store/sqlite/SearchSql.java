package org.rungpt.store.sqlite;

import java.lang.Character.UnicodeScript;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rungpt.api.store.ConversationArchive.Hit;
import org.rungpt.api.store.ConversationArchive.Range;
import org.rungpt.api.store.StoreException;

/** The full-text index. The writing methods run inside a transaction. */
final class SearchSql {
    /** Titles are indexed as this event, which no conversation has. */
    static final long TITLE = 0;

    private static final char BEGIN = '\u0002';
    private static final char END = '\u0003';
    private static final char SEPARATOR = '\u0004';

    /** They write no spaces between words: the index takes each of their characters for a word, and so a word for a phrase. */
    private static final Set<UnicodeScript> UNSPACED = EnumSet.of(
            UnicodeScript.HAN,
            UnicodeScript.HIRAGANA,
            UnicodeScript.KATAKANA,
            UnicodeScript.THAI,
            UnicodeScript.LAO,
            UnicodeScript.KHMER,
            UnicodeScript.MYANMAR);

    /** What lies before it is of other scripts. */
    private static final char FIRST_UNSPACED = '\u0e00';

    /** Makes a vowel of kana long, but is of no script. */
    private static final char LONG_VOWEL = '\u30fc';

    private static final String GAP = " … ";
    private static final int LONGEST_SNIPPET = 300;

    /** So many a snippet of the index can have: where each character is one, they are not too many. */
    private static final int MOST_TOKENS = 64;

    private static final int LONGEST_QUERY = 500;
    private static final int MOST_WORDS = 20;
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"?|([^\\s\"]+)");

    private SearchSql() {}

    /** Makes an event of a conversation findable by a text, in place of what it was found by. */
    static void put(Session session, long conversation, long seq, String text) throws SQLException {
        remove(session, conversation, seq);
        session.update("insert into searchable (conversation, seq) values (?, ?)", conversation, seq);
        session.update(
                "insert into search (rowid, text) values ((select id from searchable where conversation = ? and seq = ?), ?)",
                conversation,
                seq,
                separated(text.replace(BEGIN, ' ').replace(END, ' ')));
    }

    /** Puts a separator on both sides of each character of an unspaced script; one that was separated before stays so. */
    private static String separated(String text) {
        String plain = text.replace(String.valueOf(SEPARATOR), "");
        if (plain.chars().allMatch(c -> c < FIRST_UNSPACED)) {
            return plain;
        }
        var separated = new StringBuilder(2 * plain.length());
        boolean before = false;
        for (int c : plain.codePoints().toArray()) {
            boolean unspaced = c == LONG_VOWEL || UNSPACED.contains(UnicodeScript.of(c));
            if (before || unspaced) {
                separated.append(SEPARATOR);
            }
            separated.appendCodePoint(c);
            before = unspaced;
        }
        return separated.toString();
    }

    private static void remove(Session session, long conversation, long seq) throws SQLException {
        session.update(
                "delete from search where rowid = (select id from searchable where conversation = ? and seq = ?)",
                conversation,
                seq);
        session.update("delete from searchable where conversation = ? and seq = ?", conversation, seq);
    }

    /** Takes a conversation out of the index. */
    static void forget(Session session, long conversation) throws SQLException {
        session.update(
                "delete from search where rowid in (select id from searchable where conversation = ?)", conversation);
        session.update("delete from searchable where conversation = ?", conversation);
    }

    /** What came meanwhile with a search text of its own stays. */
    static void index(Session session, String id, Map<Long, String> texts) throws SQLException, StoreException {
        long number = ConversationSql.number(session, id);
        for (Map.Entry<Long, String> text : texts.entrySet()) {
            put(session, number, text.getKey(), text.getValue());
        }
        put(
                session,
                number,
                TITLE,
                ConversationSql.find(session, id).orElseThrow().title());
        session.update("update conversation set indexed = 1 where number = ?", number);
    }

    static List<String> unindexed(Session session, int limit) throws SQLException {
        List<String> ids = new ArrayList<>();
        try (ResultSet rows = session.prepare(
                        "select id from conversation where indexed = 0 order by number desc limit ?", limit)
                .executeQuery()) {
            while (rows.next()) {
                ids.add(rows.getString(1));
            }
        }
        return ids;
    }

    static List<Hit> search(Session session, String query, int limit) throws SQLException {
        String expression = expression(query);
        if (expression.isEmpty()) {
            return List.of();
        }
        record Found(long id, Snippet snippet) {}
        List<Found> found = new ArrayList<>();
        try (ResultSet rows = session.prepare(
                        "select rowid, snippet(search, 0, char(2), char(3), ?, ?) from search where search match ?"
                                + " order by rowid desc limit ?",
                        GAP,
                        expression.indexOf(SEPARATOR) < 0 ? 24 : MOST_TOKENS,
                        expression,
                        limit)
                .executeQuery()) {
            while (rows.next()) {
                found.add(new Found(rows.getLong(1), Snippet.of(rows.getString(2))));
            }
        }
        List<Hit> hits = new ArrayList<>();
        for (Found one : found) {
            String id;
            long seq;
            try (ResultSet row = session.prepare(
                            "select c.id, s.seq from searchable s join conversation c on c.number = s.conversation where s.id = ?",
                            one.id())
                    .executeQuery()) {
                if (!row.next()) {
                    continue; // deleted meanwhile
                }
                id = row.getString(1);
                seq = row.getLong(2);
            }
            var entry = ArchiveSql.entry(session, id);
            if (entry.isPresent()) {
                hits.add(new Hit(
                        entry.get(), seq, one.snippet().text(), one.snippet().ranges()));
            }
        }
        return List.copyOf(hits);
    }

    /** What is shown of a text, and where in it the query fits. */
    private record Snippet(String text, List<Range> ranges) {
        static Snippet of(String marked) {
            var plain = new StringBuilder();
            List<Range> ranges = new ArrayList<>();
            int begin = -1;
            for (char c : marked.toCharArray()) {
                if (c == BEGIN) {
                    begin = plain.length();
                } else if (c == END && begin >= 0) {
                    ranges.add(new Range(begin, plain.length()));
                    begin = -1;
                } else if (c != END && c != SEPARATOR) {
                    plain.append(c);
                }
            }
            return new Snippet(plain.toString(), ranges).cut();
        }

        /** The index counts words, and one may be as long as its message: left is what is around the first that fits. */
        private Snippet cut() {
            if (text.length() <= LONGEST_SNIPPET) {
                return this;
            }
            int first = ranges.isEmpty() ? 0 : ranges.get(0).start();
            int start = boundary(Math.max(0, first - LONGEST_SNIPPET / 3));
            int end = boundary(Math.min(text.length(), start + LONGEST_SNIPPET));
            String before = start > 0 ? GAP : "";
            int shift = before.length() - start;
            List<Range> left = ranges.stream()
                    .filter(range -> range.start() < end && range.end() > start)
                    .map(range -> new Range(Math.max(range.start(), start) + shift, Math.min(range.end(), end) + shift))
                    .toList();
            return new Snippet(before + text.substring(start, end) + (end < text.length() ? GAP : ""), left);
        }

        private int boundary(int at) {
            boolean inside =
                    at > 0 && at < text.length() && Character.isSurrogatePair(text.charAt(at - 1), text.charAt(at));
            return inside ? at - 1 : at;
        }
    }

    /** Words and phrases as FTS5 wants them, each quoted, so that nothing a user types is an operator. */
    static String expression(String query) {
        String bounded = query.length() > LONGEST_QUERY ? query.substring(0, LONGEST_QUERY) : query;
        Matcher matcher = WORD.matcher(bounded.replace('\0', ' '));
        var expression = new StringBuilder();
        int words = 0;
        while (matcher.find() && words < MOST_WORDS) {
            boolean phrase = matcher.group(1) != null;
            String word = phrase ? matcher.group(1) : matcher.group(2);
            if (word.codePoints().noneMatch(Character::isLetterOrDigit)) {
                continue;
            }
            boolean begun = !phrase && matcher.end() == bounded.length();
            expression
                    .append(words++ == 0 ? "" : " ")
                    .append('"')
                    .append(separated(word))
                    .append('"')
                    .append(begun ? "*" : "");
        }
        return expression.toString();
    }
}
