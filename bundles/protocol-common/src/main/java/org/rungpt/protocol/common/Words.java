package org.rungpt.protocol.common;

/** Text from elsewhere, made fit for one line. */
public final class Words {
    private Words() {}

    /** Without line breaks and control characters, cut to a length. */
    public static String oneLine(String text, int max) {
        var line = new StringBuilder(Math.min(text.length(), max));
        boolean blank = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isWhitespace(c) || Character.isISOControl(c)) {
                blank = line.length() > 0;
                continue;
            }
            if (line.length() + 2 > max) {
                return line.append('…').toString();
            }
            if (blank) {
                line.append(' ');
                blank = false;
            }
            line.append(c);
        }
        return line.toString();
    }
}
