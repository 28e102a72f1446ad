package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallObserver.Stream;

/** What came of the output of one call, checked against the credit that was granted, until it is observed. Guarded by its call. */
final class CallOutput {
    /** How much output may wait for the observer. */
    static final int WINDOW = 256 << 10;
    /** A character is never cut: so much may come on the last byte of credit. */
    private static final int CHARACTER = 4;

    /** From where on, and how much of it, the output is to come. */
    record Position(long stdout, long stderr, int credit) {}

    private final OutputBuffer buffer = new OutputBuffer();
    private final long[] received;
    private int credit = WINDOW;
    private int consumed;
    private int stray;

    CallOutput(long stdoutOffset, long stderrOffset) {
        received = new long[] {stdoutOffset, stderrOffset};
    }

    long stdout() {
        return received[0];
    }

    long stderr() {
        return received[1];
    }

    /** From where on it would go on now. */
    Position position() {
        return new Position(received[0], received[1], credit);
    }

    /** From where on it goes on over a new link, which knows nothing of the credit of the old one. */
    Position rejoin() {
        credit = WINDOW - buffer.size();
        consumed = 0;
        return position();
    }

    /** Whoever watched before may have granted some at the last moment. */
    void expectStrayCredit() {
        stray = WINDOW;
    }

    /** A piece has come. */
    void accept(JsonNode params) throws Violation {
        Stream stream = stream(params);
        byte[] bytes = bytes(params);
        JsonNode offset = params.path("offset");
        if (!offset.isIntegralNumber()
                || !offset.canConvertToLong()
                || offset.longValue() != received[stream.ordinal()]) {
            throw new Violation("it sent output out of order");
        }
        int allowed = credit + stray;
        if (allowed <= 0 || bytes.length > Math.max(allowed, CHARACTER)) {
            throw new Violation("it sent more output than it may");
        }
        credit -= bytes.length;
        received[stream.ordinal()] += bytes.length;
        buffer.add(stream, bytes);
    }

    private static Stream stream(JsonNode params) throws Violation {
        return switch (params.path("stream").asText()) {
            case "stdout" -> Stream.STDOUT;
            case "stderr" -> Stream.STDERR;
            default -> throw new Violation("it sent output of an unknown stream");
        };
    }

    private static byte[] bytes(JsonNode params) throws Violation {
        JsonNode text = params.get("text");
        byte[] bytes;
        try {
            bytes = text != null && text.isTextual()
                    ? text.textValue().getBytes(StandardCharsets.UTF_8)
                    : params.path("base64").binaryValue();
        } catch (IOException e) {
            throw new Violation("it sent output that is no base64");
        }
        if (bytes == null || bytes.length == 0 || bytes.length > OutputBuffer.PIECE) {
            throw new Violation("it sent a piece of output of a wrong size");
        }
        return bytes;
    }

    /** The next piece to observe; null if there is none. */
    OutputBuffer.@Nullable Piece take() {
        OutputBuffer.Piece piece = buffer.take();
        if (piece != null) {
            consumed += piece.bytes().length;
        }
        return piece;
    }

    /** How much is worth to be granted anew; 0 for not yet. */
    int due() {
        return consumed >= WINDOW / 4 ? consumed : 0;
    }

    /** Grants it. @return how much of it: a new link may have begun meanwhile, with a credit of its own */
    int grant(int due) {
        int granted = Math.min(due, consumed);
        consumed -= granted;
        credit += granted;
        return granted;
    }

    /** Whether more could come: nothing waits for the observer, and there is credit. */
    boolean isDrained() {
        return buffer.isEmpty() && credit > 0;
    }

    void clear() {
        buffer.clear();
    }
}
