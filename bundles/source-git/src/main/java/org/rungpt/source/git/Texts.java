package org.rungpt.source.git;

/** Text from servers and repositories, made fit for messages. */
final class Texts {
    private Texts() {}

    /** On one line, without control and direction characters, at most so long. */
    static String printable(String text, int most) {
        var out = new StringBuilder();
        text.codePoints().limit(most).forEach(c -> {
            int type = Character.getType(c);
            if (type == Character.CONTROL
                    || type == Character.FORMAT
                    || type == Character.SURROGATE
                    || type == Character.LINE_SEPARATOR
                    || type == Character.PARAGRAPH_SEPARATOR) {
                out.append(String.format("\\u{%X}", c));
            } else {
                out.appendCodePoint(c);
            }
        });
        return text.codePointCount(0, text.length()) > most ? out + "…" : out.toString();
    }
}
