package org.rungpt.runner.docker;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallObserver.Stream;

/**
 * Output that arrived and was not observed yet. Never holds more than the credit that was granted, plus four bytes for each
 * change between the streams, however small the pieces come. Guarded by its call.
 */
final class OutputBuffer {
    /** What is handed to an observer at once, at most. */
    static final int PIECE = 64 << 10;

    /** Bytes of one stream. */
    record Piece(Stream stream, byte[] bytes) {}

    private byte[] data = new byte[0];
    private int start;
    private int end;
    /** Lengths of alternating runs: positive for stdout, negative for stderr. */
    private int[] runs = new int[4];

    private int firstRun;
    private int lastRun;

    boolean isEmpty() {
        return start == end;
    }

    int size() {
        return end - start;
    }

    void add(Stream stream, byte[] bytes) {
        if (bytes.length == 0) {
            return;
        }
        if (end + bytes.length > data.length) {
            int size = size();
            byte[] target = size + bytes.length <= data.length / 2
                    ? data
                    : new byte[Math.max(size + bytes.length, Math.min(2 * data.length, 1 << 20))];
            System.arraycopy(data, start, target, 0, size);
            data = target;
            start = 0;
            end = size;
        }
        System.arraycopy(bytes, 0, data, end, bytes.length);
        end += bytes.length;
        addRun(stream == Stream.STDOUT ? bytes.length : -bytes.length);
    }

    private void addRun(int run) {
        if (lastRun > firstRun && (runs[lastRun - 1] > 0) == (run > 0)) {
            runs[lastRun - 1] += run;
            return;
        }
        if (lastRun == runs.length) {
            int count = lastRun - firstRun;
            int[] target = count <= runs.length / 2 ? runs : new int[runs.length * 2];
            System.arraycopy(runs, firstRun, target, 0, count);
            runs = target;
            firstRun = 0;
            lastRun = count;
        }
        runs[lastRun++] = run;
    }

    /** The next piece; null if there is none. */
    @Nullable
    Piece take() {
        if (isEmpty()) {
            return null;
        }
        int run = runs[firstRun];
        int count = Math.min(Math.abs(run), PIECE);
        byte[] bytes = Arrays.copyOfRange(data, start, start + count);
        start += count;
        int rest = Math.abs(run) - count;
        if (rest == 0) {
            firstRun++;
        } else {
            runs[firstRun] = run > 0 ? rest : -rest;
        }
        if (isEmpty()) {
            clear();
        }
        return new Piece(run > 0 ? Stream.STDOUT : Stream.STDERR, bytes);
    }

    void clear() {
        start = 0;
        end = 0;
        firstRun = 0;
        lastRun = 0;
        if (data.length > PIECE) {
            data = new byte[0];
        }
        if (runs.length > 1024) {
            runs = new int[4];
        }
    }
}
