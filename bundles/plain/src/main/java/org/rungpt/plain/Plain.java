package org.rungpt.plain;

/** Makes what comes from outside fit to be printed: what the eye cannot see is named, and no text steers the terminal. */
public final class Plain {
    private Plain() {}

    /** One line: line breaks and tabs become visible too. */
    public static String line(String text) {
        return escape(text, false);
    }

    /** One line of at most so many characters. */
    public static String line(String text, int most) {
        int length = text.codePointCount(0, text.length());
        return length <= most ? line(text) : line(text.substring(0, text.offsetByCodePoints(0, most - 1))) + "…";
    }

    /** Text of several lines. */
    public static String text(String text) {
        return escape(text, true);
    }

    private static String escape(String text, boolean lines) {
        var out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (isHarmless(c) || lines && (c == '\n' || c == '\t')) {
                out.appendCodePoint(c);
            } else if (c != '\r' || !lines) {
                out.append(String.format("\\u{%X}", c));
            }
        });
        return out.toString();
    }

    private static boolean isHarmless(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.SURROGATE, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                false;
            case Character.FORMAT -> c == 0x200C || c == 0x200D;
            default -> !isBlank(c);
        };
    }

    /** Letters and marks that are blank by sight, and all that stand among the tags. */
    private static boolean isBlank(int c) {
        return switch (c) {
            case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0 -> true;
            default -> c >= 0xE0000 && c <= 0xE0FFF;
        };
    }
}
