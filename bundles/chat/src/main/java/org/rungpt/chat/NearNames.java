package org.rungpt.chat;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Names that somebody may have meant. */
final class NearNames {
    private static final int SHOWN = 5;
    private static final int MAX_LENGTH = 100;

    private NearNames() {}

    /** The nearest of some names, as the end of a sentence. */
    static String hint(String name, List<String> known) {
        String wanted = cut(name);
        List<String> near = known.stream()
                .sorted(Comparator.comparingInt((String each) -> distance(wanted, cut(each))))
                .limit(SHOWN)
                .toList();
        return (known.size() > SHOWN ? "near to it are " : "there are ")
                + near.stream().map(each -> Visible.cut(each, MAX_LENGTH)).collect(Collectors.joining(", "));
    }

    private static String cut(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.length() > MAX_LENGTH ? lower.substring(0, MAX_LENGTH) : lower;
    }

    /** How many letters differ; none that are only added at an end. */
    private static int distance(String a, String b) {
        if (b.contains(a) || a.contains(b)) {
            return 0;
        }
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int before = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int change = before + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
                before = above;
            }
        }
        return row[b.length()];
    }
}
