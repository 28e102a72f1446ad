package org.rungpt.model.openai;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Makes text from a server fit for a message: one line, bounded, without keys. */
final class Redaction {
    private static final Pattern LIKE_A_KEY =
            Pattern.compile("(?i)\\b(sk|pk|key|gsk|xai)-[A-Za-z0-9_*-]{6,}|Bearer\\s+\\S+");

    private Redaction() {}

    static String plain(@Nullable String text, int max) {
        return clean(text, null, max);
    }

    /** @param key the key in use; it never appears in the result, and nothing that looks like one */
    static String clean(@Nullable String text, @Nullable String key, int max) {
        String all = text == null ? "" : text;
        if (key != null && key.length() >= 4) {
            all = all.replace(key, "…");
        }
        all = LIKE_A_KEY.matcher(all).replaceAll("…");
        var line = new StringBuilder();
        boolean blank = false;
        for (int i = 0; i < all.length() && line.length() < max; i++) {
            char c = all.charAt(i);
            if (Character.isWhitespace(c) || Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
                blank = line.length() > 0;
            } else {
                line.append(blank ? " " : "").append(c);
                blank = false;
            }
        }
        return line.length() >= max ? line.append('…').toString() : line.toString();
    }

    /** The key with all but its last four characters hidden. */
    static String hint(String key) {
        return key.length() < 12 ? "…" : (key.startsWith("sk-") ? "sk-" : "") + "…" + key.substring(key.length() - 4);
    }
}
