package org.rungpt.chat;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.EventType;

/** One channel of an answer on its way into the log: counts offsets, collects what is not stored yet, never splits a character. */
final class TextStream {
    private final String message;
    private final String channel;
    private final StringBuilder unstored = new StringBuilder();
    private int unstoredBytes;
    private long stored;
    private @Nullable Character half;

    TextStream(String message, String channel) {
        this.message = message;
        this.channel = channel;
    }

    /** Takes a piece. @return the transient event that tells of it; null if there is nothing whole in it */
    @Nullable
    Draft accept(String piece) {
        String whole = half == null ? piece : half + piece;
        half = null;
        if (!whole.isEmpty() && Character.isHighSurrogate(whole.charAt(whole.length() - 1))) {
            half = whole.charAt(whole.length() - 1);
            whole = whole.substring(0, whole.length() - 1);
        }
        if (whole.isEmpty()) {
            return null;
        }
        Draft delta = Draft.text(EventType.MESSAGE_DELTA, message, channel, end(), whole);
        unstored.append(whole);
        unstoredBytes += whole.getBytes(StandardCharsets.UTF_8).length;
        return delta;
    }

    /** What was not stored yet, as an event to be stored; null if there is nothing. */
    @Nullable
    Draft take() {
        if (unstored.isEmpty()) {
            return null;
        }
        Draft text = Draft.text(EventType.MESSAGE_TEXT, message, channel, stored, unstored.toString());
        stored += unstored.length();
        unstored.setLength(0);
        unstoredBytes = 0;
        return text;
    }

    int unstoredBytes() {
        return unstoredBytes;
    }

    /** Where the next piece begins. */
    long end() {
        return stored + unstored.length();
    }
}
