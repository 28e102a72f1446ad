package org.rungpt.chat;

import org.rungpt.api.chat.ChatException;

/** Titles of conversations: one line without control characters. */
final class Titles {
    static final String NEW = "New conversation";
    private static final int AUTOMATIC = 60;
    private static final int LONGEST = 200;

    private Titles() {}

    /** The first line of the first message. */
    static String of(String message) {
        String line = message.strip().lines().findFirst().map(Titles::clean).orElse("");
        if (line.isEmpty()) {
            return NEW;
        }
        if (line.codePointCount(0, line.length()) <= AUTOMATIC) {
            return line;
        }
        return line.substring(0, line.offsetByCodePoints(0, AUTOMATIC - 1)).strip() + "…";
    }

    /** A title that a user chose. */
    static String check(String title) throws ChatException {
        String clean = clean(title);
        if (clean.isEmpty() || clean.length() > LONGEST) {
            throw new ChatException(ChatException.Kind.INVALID, "the title must have 1 to " + LONGEST + " characters");
        }
        return clean;
    }

    private static String clean(String text) {
        return text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}\\s]+", " ").strip();
    }
}
