package org.rungpt.model.openai;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads server-sent events as the WHATWG specification has them, from bytes in pieces of any size: lines end with CRLF, CR or LF, a
 * byte order mark at the beginning is skipped, comments are ignored, several data lines are one. Holds at most one line and one event.
 */
final class SseReader {
    /** How long a line, and the data of an event, may be. */
    static final int MAX = 1 << 20;

    /** Hears the events. */
    interface Handler {
        /**
         * @param type the event's type, {@code message} if it has none
         * @param data its data
         * @return false to read no further
         */
        boolean event(String type, String data);
    }

    /** A line or an event is longer than what any sane server sends. */
    static final class TooLongException extends Exception {
        private static final long serialVersionUID = 1;

        TooLongException() {
            super("a line of more than " + MAX + " bytes");
        }
    }

    private final Handler handler;
    private final StringBuilder data = new StringBuilder();
    private byte[] line = new byte[4096];
    private int length;
    private boolean first = true;
    private boolean afterCarriageReturn;
    private boolean hasData;
    private String type = "message";

    SseReader(Handler handler) {
        this.handler = handler;
    }

    /** @return false if the handler wants no more */
    boolean read(ByteBuffer bytes) throws TooLongException {
        while (bytes.hasRemaining()) {
            byte b = bytes.get();
            if (b == '\n' && afterCarriageReturn) {
                afterCarriageReturn = false;
                continue;
            }
            afterCarriageReturn = b == '\r';
            if (b == '\n' || b == '\r') {
                if (!line()) {
                    return false;
                }
                length = 0;
            } else {
                if (length == MAX) {
                    throw new TooLongException();
                }
                if (length == line.length) {
                    line = Arrays.copyOf(line, Math.min(MAX, length * 2));
                }
                line[length++] = b;
            }
        }
        return true;
    }

    /** What stands in whole lines behind the last event; an event that was never ended by a blank line. */
    String rest() {
        return data.toString();
    }

    private boolean line() throws TooLongException {
        int from = 0;
        if (first) {
            first = false;
            if (length >= 3 && line[0] == (byte) 0xEF && line[1] == (byte) 0xBB && line[2] == (byte) 0xBF) {
                from = 3;
            }
        }
        if (length == from) {
            return dispatch();
        }
        int colon = from;
        while (colon < length && line[colon] != ':') {
            colon++;
        }
        int value = Math.min(length, colon + 1);
        if (value < length && line[value] == ' ') {
            value++;
        }
        String field = new String(line, from, colon - from, StandardCharsets.US_ASCII);
        if (field.equals("data")) {
            if (hasData) {
                data.append('\n');
            }
            if (data.length() + length - value > MAX) {
                throw new TooLongException();
            }
            data.append(new String(line, value, length - value, StandardCharsets.UTF_8));
            hasData = true;
        } else if (field.equals("event")) {
            type = new String(line, value, length - value, StandardCharsets.UTF_8);
        }
        return true;
    }

    private boolean dispatch() {
        boolean more = true;
        if (hasData) {
            String all = data.toString();
            more = handler.event(type.isEmpty() ? "message" : type, all);
        }
        data.setLength(0);
        hasData = false;
        type = "message";
        return more;
    }
}
