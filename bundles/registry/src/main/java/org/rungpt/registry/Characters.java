package org.rungpt.registry;

import java.util.OptionalInt;

/** Which characters may stand in what people and models read. */
final class Characters {
    private Characters() {}

    /** Neither a control character, nor one that changes the direction of text, nor invisible, nor half a pair. */
    static boolean isHarmless(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.PRIVATE_USE -> isJoiner(codePoint);
            default -> true;
        };
    }

    /** Scripts and emoji are not written without these two. */
    private static boolean isJoiner(int codePoint) {
        return codePoint == 0x200C || codePoint == 0x200D;
    }

    /** The first character that may not stand in a text; line breaks and tabs may if the text has lines. */
    static OptionalInt firstHarmful(String text, boolean lines) {
        return text.codePoints()
                .filter(c -> !isHarmless(c) && !(lines && (c == '\n' || c == '\t')))
                .findFirst();
    }
}
