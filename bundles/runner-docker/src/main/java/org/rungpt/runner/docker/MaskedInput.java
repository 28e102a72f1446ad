package org.rungpt.runner.docker;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** A file of a call without its secrets; as long as the file. */
final class MaskedInput extends InputStream {
    private final InputStream in;
    private final Mask.Filter filter;
    private final ArrayDeque<ByteBuffer> shown = new ArrayDeque<>();
    private final byte[] piece = new byte[16 << 10];
    private long offset;
    private boolean ended;

    MaskedInput(Mask mask, InputStream in) {
        this.in = in;
        this.filter = mask.filter();
    }

    @Override
    public int read() throws IOException {
        ByteBuffer next = next();
        return next == null ? -1 : next.get() & 0xff;
    }

    @Override
    public int read(byte[] into, int start, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        ByteBuffer next = next();
        if (next == null) {
            return -1;
        }
        int count = Math.min(length, next.remaining());
        next.get(into, start, count);
        return count;
    }

    private @Nullable ByteBuffer next() throws IOException {
        while (true) {
            ByteBuffer first = shown.peek();
            if (first != null && first.hasRemaining()) {
                return first;
            }
            if (first != null) {
                shown.remove();
            } else if (ended) {
                return null;
            } else {
                fill();
            }
        }
    }

    private void fill() throws IOException {
        int count = in.read(piece);
        if (count < 0) {
            ended = true;
            filter.end((at, bytes) -> shown.add(bytes));
        } else {
            filter.accept(offset, ByteBuffer.wrap(piece, 0, count), (at, bytes) -> shown.add(bytes));
            offset += count;
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
