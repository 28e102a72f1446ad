package org.rungpt.runner.docker;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The difference of two texts as the usual tools write it. Myers' algorithm, within a bound: beyond it everything is replaced. */
final class UnifiedDiff {
    private static final int CONTEXT = 3;
    /** More differences than these are not looked for. */
    private static final int MOST_EDITS = 2000;

    private UnifiedDiff() {}

    /** Null if it is no text. */
    static @Nullable String text(byte[] content) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(content))
                    .toString();
            return text.indexOf('\0') >= 0 ? null : text;
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    /** The hunks; empty if the texts are the same. */
    static String hunks(String before, String after) {
        List<String> a = lines(before);
        List<String> b = lines(after);
        boolean[] deleted = new boolean[a.size()];
        boolean[] added = new boolean[b.size()];
        int start = 0;
        while (start < a.size() && start < b.size() && a.get(start).equals(b.get(start))) {
            start++;
        }
        int end = 0;
        while (end < a.size() - start
                && end < b.size() - start
                && a.get(a.size() - 1 - end).equals(b.get(b.size() - 1 - end))) {
            end++;
        }
        mark(a.subList(start, a.size() - end), b.subList(start, b.size() - end), start, deleted, added);
        return print(a, b, deleted, added);
    }

    /** Each with its line end, so that a missing one at the end is a difference. */
    private static List<String> lines(String text) {
        List<String> lines = new ArrayList<>();
        int from = 0;
        while (from < text.length()) {
            int to = text.indexOf('\n', from);
            to = to < 0 ? text.length() : to + 1;
            lines.add(text.substring(from, to));
            from = to;
        }
        return lines;
    }

    private static void mark(List<String> a, List<String> b, int offset, boolean[] deleted, boolean[] added) {
        List<int[]> matches = matches(a, b);
        if (matches == null) {
            Arrays.fill(deleted, offset, offset + a.size(), true);
            Arrays.fill(added, offset, offset + b.size(), true);
            return;
        }
        Arrays.fill(deleted, offset, offset + a.size(), true);
        Arrays.fill(added, offset, offset + b.size(), true);
        for (int[] match : matches) {
            deleted[offset + match[0]] = false;
            added[offset + match[1]] = false;
        }
    }

    /** Pairs of equal lines on a shortest way from one text to the other; null if it is too long. */
    private static @Nullable List<int[]> matches(List<String> a, List<String> b) {
        int n = a.size();
        int m = b.size();
        int most = Math.min(n + m, MOST_EDITS);
        List<int[]> trace = new ArrayList<>();
        int[] v = new int[2 * most + 3];
        for (int d = 0; d <= most; d++) {
            trace.add(Arrays.copyOfRange(v, most - d, most + d + 3));
            for (int k = -d; k <= d; k += 2) {
                int i = most + 1 + k;
                int x = k == -d || k != d && v[i - 1] < v[i + 1] ? v[i + 1] : v[i - 1] + 1;
                int y = x - k;
                while (x < n && y < m && a.get(x).equals(b.get(y))) {
                    x++;
                    y++;
                }
                v[i] = x;
                if (x >= n && y >= m) {
                    return back(trace, n, m);
                }
            }
        }
        return null;
    }

    private static List<int[]> back(List<int[]> trace, int n, int m) {
        List<int[]> matches = new ArrayList<>();
        int x = n;
        int y = m;
        for (int d = trace.size() - 1; d >= 0; d--) {
            // What was known before step d, for diagonals -d-1 to d+1.
            int[] v = trace.get(d);
            int k = x - y;
            int i = d + 1 + k;
            int previous = k == -d || k != d && v[i - 1] < v[i + 1] ? k + 1 : k - 1;
            int fromX = d == 0 ? 0 : v[d + 1 + previous];
            int fromY = fromX - previous;
            if (d == 0) {
                fromY = 0;
            }
            while (x > fromX && y > fromY) {
                matches.add(new int[] {--x, --y});
            }
            x = fromX;
            y = fromY;
        }
        Collections.reverse(matches);
        return matches;
    }

    private static String print(List<String> a, List<String> b, boolean[] deleted, boolean[] added) {
        var text = new StringBuilder();
        int i = 0;
        int j = 0;
        while (i < a.size() || j < b.size()) {
            if (!(i < a.size() && deleted[i]) && !(j < b.size() && added[j])) {
                i++;
                j++;
                continue;
            }
            int fromA = Math.max(0, i - CONTEXT);
            int fromB = j - (i - fromA);
            var body = new StringBuilder();
            for (int c = fromA; c < i; c++) {
                line(body, ' ', a.get(c));
            }
            int quiet = 0;
            while (i < a.size() || j < b.size()) {
                if (i < a.size() && deleted[i]) {
                    line(body, '-', a.get(i++));
                    quiet = 0;
                } else if (j < b.size() && added[j]) {
                    line(body, '+', b.get(j++));
                    quiet = 0;
                } else if (quiet < CONTEXT || isNear(i, j, a, b, deleted, added, CONTEXT)) {
                    line(body, ' ', a.get(i++));
                    j++;
                    quiet++;
                } else {
                    break;
                }
            }
            text.append("@@ -%s +%s @@\n".formatted(range(fromA, i - fromA), range(fromB, j - fromB)))
                    .append(body);
        }
        return text.toString();
    }

    /** Whether the next difference is so close that its context touches. */
    private static boolean isNear(
            int i, int j, List<String> a, List<String> b, boolean[] deleted, boolean[] added, int within) {
        for (int n = 0; n <= within; n++) {
            if (i + n < a.size() && deleted[i + n] || j + n < b.size() && added[j + n]) {
                return true;
            }
        }
        return false;
    }

    private static String range(int from, int count) {
        return (count == 0 ? from : from + 1) + (count == 1 ? "" : "," + count);
    }

    private static void line(StringBuilder text, char sign, String line) {
        text.append(sign).append(line);
        if (!line.endsWith("\n")) {
            text.append("\n\\ No newline at end of file\n");
        }
    }
}
