package org.rungpt.artifacts;

import java.util.ArrayList;
import java.util.List;

/** Makes a file's name, which comes out of a sandbox, harmless: for people, for a download, for another machine's file system. */
final class Names {
    private static final int LONGEST_PART = 120;
    private static final int MOST_PARTS = 10;

    private Names() {}

    static String harmless(String name) {
        List<String> parts = new ArrayList<>();
        for (String part : name.split("/", -1)) {
            // Control and formatting characters, which turn "gpj.exe" around; what no file system likes; \ divides
            // folders elsewhere.
            String clean = part.replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Cn}\\u2028\\u2029<>:\"\\\\|?*]", "_")
                    .strip();
            clean = cut(clean.replaceAll("^\\.+", "").replaceAll("[. ]+$", ""));
            if (!clean.isEmpty() && parts.size() < MOST_PARTS) {
                parts.add(clean);
            }
        }
        return parts.isEmpty() ? "file" : String.join("/", parts);
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
