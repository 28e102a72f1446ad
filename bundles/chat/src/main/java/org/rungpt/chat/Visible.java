package org.rungpt.chat;

/** Tells text that does not look like what it is. */
final class Visible {
    private Visible() {}

    /** What somebody wrote, fit for one line: without control characters, cut to a length. */
    static String cut(String text, int max) {
        String line = text.replaceAll("[\\p{Cntrl}\\p{Cf}]", "\uFFFD");
        return line.length() > max ? line.substring(0, max) + "…" : line;
    }

    /** Whether it has characters that are invisible, or change how others are shown; line breaks and tabs do not count. */
    static boolean isHidden(String text) {
        return text.codePoints().anyMatch(Visible::isHidden);
    }

    private static boolean isHidden(int c) {
        if (c == '\n' || c == '\t' || c == '\r') {
            return false;
        }
        int type = Character.getType(c);
        return type == Character.CONTROL
                || type == Character.FORMAT
                || type == Character.SURROGATE
                || type == Character.PRIVATE_USE
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR
                // Fillers that are letters by name and blank by sight.
                || c == 0x115F
                || c == 0x1160
                || c == 0x3164
                || c == 0xFFA0
                || c == 0x2800;
    }
}
