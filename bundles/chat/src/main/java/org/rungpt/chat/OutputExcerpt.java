package org.rungpt.chat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/** Head and tail of a stream of output, within a bound, and exactly how many bytes lie between them. */
final class OutputExcerpt {
    /** A stretch of text and the bytes that it stands for; where bytes were no UTF-8 these are not the text's own. */
    private record Piece(String text, long bytes) {
        boolean exact() {
            return utf8Length(text) == bytes;
        }
    }

    private final int headBound;
    private final int tailBound;
    private final StringBuilder head = new StringBuilder();
    private final Deque<Piece> tail = new ArrayDeque<>();
    private long headBytes;
    private long tailBytes;
    private int tailCharacters;
    private boolean headFull;
    private long end;

    /** @param bound how many characters are kept in all */
    OutputExcerpt(int bound) {
        tailBound = bound / 2;
        headBound = bound - tailBound;
    }

    /** Takes a stretch; what lies between the end so far and its offset was left out by others. */
    void append(long offset, String text, long bytes) {
        if (offset < end) {
            return;
        }
        headFull |= offset > end;
        end = offset + bytes;
        var piece = new Piece(text, bytes);
        if (!headFull) {
            int room = headBound - head.length();
            if (text.length() <= room || !piece.exact()) {
                head.append(text);
                headBytes += bytes;
                headFull = head.length() >= headBound;
                return;
            }
            String first = text.substring(0, boundary(text, room));
            head.append(first);
            headBytes += utf8Length(first);
            headFull = true;
            String rest = text.substring(first.length());
            piece = new Piece(rest, utf8Length(rest));
        }
        tail.addLast(piece);
        tailBytes += piece.bytes();
        tailCharacters += piece.text().length();
        shortenTail(tailBound);
    }

    private void shortenTail(int bound) {
        while (tailCharacters > bound && !tail.isEmpty()) {
            Piece first = tail.removeFirst();
            int excess = tailCharacters - bound;
            tailCharacters -= first.text().length();
            tailBytes -= first.bytes();
            if (first.text().length() > excess && first.exact()) {
                int from = excess;
                if (Character.isLowSurrogate(first.text().charAt(from))) {
                    from++;
                }
                String kept = first.text().substring(from);
                var rest = new Piece(kept, utf8Length(kept));
                tail.addFirst(rest);
                tailCharacters += kept.length();
                tailBytes += rest.bytes();
            }
        }
    }

    /** The end so far, in bytes: where the next stretch begins. */
    long end() {
        return end;
    }

    /** How many bytes of {@code total} are neither in the head nor in the tail. */
    long leftOut(long total) {
        return Math.max(0, total - headBytes - tailBytes);
    }

    /** What is kept, with a line that says how much of {@code total} bytes is missing, if any is. */
    String text(long total) {
        var text = new StringBuilder(head);
        long missing = leftOut(total);
        if (missing > 0) {
            text.append("\n[… ").append(missing).append(" bytes left out …]\n");
        }
        for (Piece piece : tail) {
            text.append(piece.text());
        }
        return text.toString();
    }

    /** The same within a smaller bound. */
    OutputExcerpt within(int bound) {
        if (characters() <= bound) {
            return this;
        }
        var smaller = new OutputExcerpt(bound);
        if (!head.isEmpty()) {
            smaller.append(0, head.toString(), headBytes);
        }
        long at = end - tailBytes;
        for (Piece piece : tail) {
            smaller.append(at, piece.text(), piece.bytes());
            at += piece.bytes();
        }
        smaller.end = end;
        return smaller;
    }

    int characters() {
        return head.length() + tailCharacters;
    }

    private static int boundary(String text, int at) {
        return at > 0 && Character.isHighSurrogate(text.charAt(at - 1)) ? at - 1 : at;
    }

    static long utf8Length(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
