package org.rungpt.artifacts;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Makes a file's name, which comes out of a sandbox, harmless: for people, for a download, for another machine's file system. */
final class Names {
    private static final int LONGEST_PART = 120;
    private static final int MOST_PARTS = 10;

    /** What hides a file, or is not seen. */
    private static final Pattern HEAD = Pattern.compile("^[.\\p{IsWhite_Space}]+");

    private static final Pattern TAIL = Pattern.compile("[.\\p{IsWhite_Space}]+$");

    private Names() {}

    static String harmless(String name) {
        List<String> parts = new ArrayList<>();
        for (String part : name.split("/", -1)) {
            // Control and formatting characters, which turn "gpj.exe" around; what no file system likes; \ divides
            // folders elsewhere.
            String clean = part.replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Cn}\\u2028\\u2029<>:\"\\\\|?*]", "_");
            clean = withoutTail(cut(withoutTail(HEAD.matcher(clean).replaceFirst(""))));
            if (!clean.isEmpty() && parts.size() < MOST_PARTS) {
                parts.add(clean);
            }
        }
        return parts.isEmpty() ? "file" : String.join("/", parts);
    }

    private static String withoutTail(String part) {
        return TAIL.matcher(part).replaceFirst("");
    }

    /** Keeps the extension. */
    private static String cut(String part) {
        if (part.codePointCount(0, part.length()) <= LONGEST_PART) {
            return part;
        }
        int dot = part.lastIndexOf('.');
        String extension = dot > 0 && part.length() - dot <= 12 ? part.substring(dot) : "";
        return part.substring(0, part.offsetByCodePoints(0, LONGEST_PART - extension.length())) + extension;
    }
}
