package org.rungpt.runner.docker;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The standard input of a sandbox, as docker-java wants it: a stream to read from. A read gives what is there at once; nothing
 * is lost or delayed when writing threads come and go, which {@link java.io.PipedInputStream} does not promise.
 */
final class StdinQueue extends InputStream {
    /** More than this unread means that the sandbox does not read. */
    static final int MAX_WAITING = 32 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(StdinQueue.class);

    private final ArrayDeque<byte[]> queue = new ArrayDeque<>();
    private long waiting;
    private byte @Nullable [] current;
    private int position;
    private boolean closed;
    private @Nullable Thread reader;

    /** @return false if it is closed or full */
    synchronized boolean offer(byte[] bytes) {
        if (closed || waiting + bytes.length > MAX_WAITING) {
            return false;
        }
        if (bytes.length > 0) {
            queue.add(bytes);
            waiting += bytes.length;
            notifyAll();
        }
        return true;
    }

    @Override
    public synchronized int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (reader != Thread.currentThread()) {
            // docker-java's thread dies of an exception when its connection is closed; who closed it knows that.
            reader = Thread.currentThread();
            reader.setUncaughtExceptionHandler((thread, failure) -> LOG.debug("A writer of stdin ended", failure));
        }
        byte[] from = current;
        while (from == null) {
            if (closed) {
                return -1;
            }
            from = queue.poll();
            if (from == null) {
                await();
            }
        }
        int count = Math.min(length, from.length - position);
        System.arraycopy(from, position, target, offset, count);
        position += count;
        waiting -= count;
        if (position == from.length) {
            current = null;
            position = 0;
        } else {
            current = from;
        }
        return count;
    }

    private void await() throws InterruptedIOException {
        try {
            wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public synchronized int available() {
        return (int) Math.min(Integer.MAX_VALUE, waiting);
    }

    @Override
    public synchronized void close() {
        closed = true;
        queue.clear();
        current = null;
        waiting = 0;
        notifyAll();
    }
}
