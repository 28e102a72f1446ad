package org.rungpt.registry;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collects what is wrong with an action, one line each: {@code file: key: reason}. */
final class Problems {
    static final int MOST = 20;
    private static final int LONGEST_QUOTE = 60;

    private final Set<String> lines = new LinkedHashSet<>();
    private int dropped;

    /** A problem of a whole file. */
    void file(String file, String reason) {
        add(file + ": " + reason);
    }

    /** A problem of a key of the manifest; the key may come from outside and is made printable here. */
    void key(String key, String reason) {
        add(key.isEmpty() ? "manifest.json: " + reason : "manifest.json: " + printable(key, 200) + ": " + reason);
    }

    private void add(String line) {
        if (lines.size() < MOST) {
            lines.add(line);
        } else if (!lines.contains(line)) {
            dropped++;
        }
    }

    void copyTo(Problems others) {
        lines.forEach(others::add);
        others.dropped += dropped;
    }

    boolean isEmpty() {
        return lines.isEmpty();
    }

    List<String> lines() {
        List<String> all = new ArrayList<>(lines);
        if (dropped > 0) {
            all.add("manifest.json: " + dropped + " more problems");
        }
        return all;
    }

    /** Text from outside between quotation marks, short and harmless on a terminal. */
    static String quote(String text) {
        return "\"" + printable(text, LONGEST_QUOTE) + "\"";
    }

    /** Text from outside, harmless on a terminal. */
    static String printable(String text, int most) {
        var out = new StringBuilder();
        int[] points = text.codePoints().limit(most + 1L).toArray();
        for (int i = 0; i < Math.min(points.length, most); i++) {
            if (Characters.isHarmless(points[i])) {
                out.appendCodePoint(points[i]);
            } else {
                out.append(String.format("\\u{%X}", points[i]));
            }
        }
        return points.length > most ? out + "…" : out.toString();
    }
}
