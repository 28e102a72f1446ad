package org.rungpt.model.openai;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Bytes of an answer, up to a limit. */
final class Collected {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final int max;

    Collected(int max) {
        this.max = max;
    }

    /** @return false if the limit is reached */
    boolean add(ByteBuffer buffer) {
        byte[] piece = new byte[Math.min(buffer.remaining(), max - bytes.size())];
        buffer.get(piece);
        bytes.writeBytes(piece);
        return bytes.size() < max;
    }

    String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
