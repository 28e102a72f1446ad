package org.rungpt.chat;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Turns the bytes of one stream of output into text, however they are cut; a character is never split. One thread at a time. */
final class OutputText {
    /** Text and where the bytes lie that it stands for. */
    record Piece(long offset, String text, long bytes) {
        Piece and(Piece next) {
            return new Piece(offset, text + next.text, bytes + next.bytes);
        }

        /** The text as bytes, exactly as many as it stands for: where they were no UTF-8 there are question marks. */
        byte[] kept() {
            byte[] exact = text.getBytes(StandardCharsets.UTF_8);
            if (exact.length != bytes) {
                byte[] shorter = text.replace('\uFFFD', '?').getBytes(StandardCharsets.UTF_8);
                exact = Arrays.copyOf(shorter, (int) bytes);
                Arrays.fill(exact, Math.min(shorter.length, exact.length), exact.length, (byte) '?');
            }
            return exact;
        }

        boolean isFollowedBy(Piece next) {
            return offset + bytes == next.offset;
        }
    }

    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private byte[] held = new byte[0];
    private long offset;

    OutputText(long offset) {
        this.offset = offset;
    }

    /** Takes the next bytes. @return null if there is nothing to be shown yet */
    @Nullable
    Piece accept(long from, ByteBuffer bytes) {
        ByteBuffer fresh = bytes.duplicate();
        long expected = offset + held.length;
        if (from < expected) {
            // Seen before: a runner may replay more than it was asked for.
            fresh.position((int) Math.min(fresh.limit(), fresh.position() + (expected - from)));
        } else if (from > expected) {
            offset = from;
            held = new byte[0];
        }
        ByteBuffer in = ByteBuffer.allocate(held.length + fresh.remaining());
        in.put(held).put(fresh).flip();
        return decode(in, false);
    }

    /** The stream has ended; what is left is no whole character. */
    @Nullable
    Piece end() {
        return decode(ByteBuffer.wrap(held), true);
    }

    private @Nullable Piece decode(ByteBuffer in, boolean last) {
        CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
        decoder.reset().decode(in, out, last);
        held = new byte[in.remaining()];
        int read = in.position();
        in.get(held);
        if (read == 0) {
            return null;
        }
        var piece = new Piece(offset, out.flip().toString(), read);
        offset += read;
        return piece;
    }
}
