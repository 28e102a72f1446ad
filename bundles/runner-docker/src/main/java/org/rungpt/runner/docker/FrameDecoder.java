package org.rungpt.runner.docker;

import java.util.Arrays;

/** Cuts a byte stream into lines, none longer than a bound. One thread. */
final class FrameDecoder {
    /** A frame of the action service has at most so many bytes. */
    static final int MAX_FRAME = 1 << 20;

    private static final int KEPT = 64 << 10;

    interface Frames {
        void frame(byte[] bytes, int offset, int length) throws Violation;
    }

    private final Frames frames;
    private byte[] partial = new byte[4096];
    private int length;

    FrameDecoder(Frames frames) {
        this.frames = frames;
    }

    void accept(byte[] chunk) throws Violation {
        int start = 0;
        for (int i = 0; i < chunk.length; i++) {
            if (chunk[i] == '\n') {
                end(chunk, start, i - start);
                start = i + 1;
            }
        }
        keep(chunk, start, chunk.length - start);
    }

    private void end(byte[] chunk, int offset, int count) throws Violation {
        if (length == 0) {
            check(count);
            emit(chunk, offset, count);
            return;
        }
        keep(chunk, offset, count);
        byte[] frame = partial;
        int size = length;
        length = 0;
        if (frame.length > KEPT) {
            partial = new byte[4096];
        }
        emit(frame, 0, size);
    }

    private void emit(byte[] bytes, int offset, int count) throws Violation {
        if (count > 0) {
            frames.frame(bytes, offset, count);
        }
    }

    private void keep(byte[] chunk, int offset, int count) throws Violation {
        if (count == 0) {
            return;
        }
        check(length + count);
        if (length + count > partial.length) {
            partial = Arrays.copyOf(partial, Math.min(MAX_FRAME, Math.max(length + count, partial.length * 2)));
        }
        System.arraycopy(chunk, offset, partial, length, count);
        length += count;
    }

    private static void check(int size) throws Violation {
        if (size >= MAX_FRAME) {
            throw new Violation("it sent a frame of more than 1 MiB");
        }
    }
}
