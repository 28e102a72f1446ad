package org.rungpt.web;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * One reader of server-sent events, written without blocking any thread. What it has not taken yet waits in a queue, which whoever
 * sends looks at; that it is bounded in any case is for a sender that does not.
 */
final class EventClient implements WriteListener {
    private static final int MAX_QUEUED_BYTES = 1 << 20;
    private static final byte[] HEARTBEAT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

    private final AsyncContext context;
    private final ServletOutputStream out;
    private final Runnable onDrained;
    private final Runnable onClosed;
    private final Deque<byte[]> queue = new ArrayDeque<>();
    private int queuedBytes;
    private long writtenBytes;
    private boolean started;
    private boolean unflushed;
    private boolean ending;
    private boolean closed;

    /**
     * @param onDrained called, perhaps often, when everything queued was written
     * @param onClosed called once when the reader is gone
     */
    EventClient(AsyncContext context, Runnable onDrained, Runnable onClosed) throws IOException {
        this.context = context;
        this.out = context.getResponse().getOutputStream();
        this.onDrained = onDrained;
        this.onClosed = onClosed;
    }

    void start() {
        out.setWriteListener(this);
    }

    /** @return false if it is closed */
    boolean send(byte[] frame) {
        synchronized (this) {
            if (closed || ending) {
                return false;
            }
            if (queuedBytes <= MAX_QUEUED_BYTES) {
                queue.add(frame);
                queuedBytes += frame.length;
                if (started) {
                    write();
                }
                return !closed;
            }
        }
        close();
        return false;
    }

    /** Closes when everything queued was written. */
    synchronized void end() {
        ending = true;
        if (started) {
            write();
        }
    }

    void heartbeat() {
        send(HEARTBEAT);
    }

    synchronized int queuedBytes() {
        return queuedBytes;
    }

    synchronized long writtenBytes() {
        return writtenBytes;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public void onWritePossible() {
        boolean drained;
        synchronized (this) {
            started = true;
            write();
            drained = !closed && queue.isEmpty();
        }
        if (drained) {
            onDrained.run();
        }
    }

    /** Writes while the container takes more; it calls {@link #onWritePossible} when it can again. */
    private void write() {
        try {
            while (!closed && out.isReady()) {
                byte[] frame = queue.poll();
                if (frame != null) {
                    queuedBytes -= frame.length;
                    writtenBytes += frame.length;
                    unflushed = true;
                    out.write(frame);
                } else if (unflushed) {
                    unflushed = false;
                    out.flush();
                } else if (ending) {
                    finish();
                } else {
                    return;
                }
            }
        } catch (IOException | IllegalStateException e) {
            finish();
        }
    }

    @Override
    public void onError(Throwable error) {
        close();
    }

    void close() {
        synchronized (this) {
            finish();
        }
    }

    private void finish() {
        if (closed) {
            return;
        }
        closed = true;
        queue.clear();
        queuedBytes = 0;
        try {
            context.complete();
        } catch (IllegalStateException e) {
            // the container has completed it already
        }
        onClosed.run();
    }
}
