package org.rungpt.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallConnection;
import org.rungpt.api.runner.CallObserver;

/** Keeps what it observes, and fails on a gap, a repetition or two threads at a time. */
public final class RecordingObserver implements CallObserver {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final ByteArrayOutputStream[] streams = {new ByteArrayOutputStream(), new ByteArrayOutputStream()};
    private final long[] from = {0, 0};
    private final List<String> steps = new ArrayList<>();
    private final List<CallConnection> connections = new ArrayList<>();
    private final Duration patience;
    private final CountDownLatch gate;
    private @Nullable Thread inside;
    private @Nullable String defect;

    public RecordingObserver() {
        this(PATIENCE);
    }

    /** @param patience how long to wait for what has to come */
    public RecordingObserver(Duration patience) {
        this(patience, new CountDownLatch(0));
    }

    /** @param gate holds up the first output until it is open */
    public RecordingObserver(Duration patience, CountDownLatch gate) {
        this.patience = patience;
        this.gate = gate;
    }

    /** For output from these offsets on. */
    public RecordingObserver(long stdout, long stderr) {
        this(PATIENCE, stdout, stderr);
    }

    /** For output from these offsets on. */
    public RecordingObserver(Duration patience, long stdout, long stderr) {
        this(patience);
        from[0] = stdout;
        from[1] = stderr;
    }

    @Override
    public void output(Stream stream, long offset, ByteBuffer bytes) {
        enter();
        try {
            if (!gate.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException("the gate stayed shut");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            ByteArrayOutputStream kept = streams[stream.ordinal()];
            if (offset != from[stream.ordinal()] + kept.size()) {
                defect = stream + " came at " + offset + " after " + (from[stream.ordinal()] + kept.size());
            }
            if (!bytes.isReadOnly()) {
                defect = "the bytes can be changed";
            }
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            kept.writeBytes(copy);
            inside = null;
            notifyAll();
        }
    }

    @Override
    public synchronized void progress(String step) {
        steps.add(step);
    }

    @Override
    public synchronized void connection(CallConnection connection) {
        connections.add(connection);
    }

    /** The connections that were told of so far. */
    public synchronized List<CallConnection> connections() {
        return List.copyOf(connections);
    }

    private synchronized void enter() {
        if (inside != null) {
            defect = "two threads at a time";
        }
        inside = Thread.currentThread();
    }

    /** Waits until standard output holds the text. */
    public synchronized void await(String text) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (!text(Stream.STDOUT).contains(text)) {
            long rest = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (rest <= 0) {
                throw new AssertionError("no \"" + text + "\" in \"" + text(Stream.STDOUT) + "\"");
            }
            wait(rest);
        }
    }

    /** What came, in full. */
    public synchronized byte[] bytes(Stream stream) {
        if (defect != null) {
            throw new AssertionError(defect);
        }
        return streams[stream.ordinal()].toByteArray();
    }

    /** What came, as UTF-8. */
    public String text(Stream stream) {
        return new String(bytes(stream), StandardCharsets.UTF_8);
    }

    /** What happened before the program ran. */
    public synchronized List<String> steps() {
        return List.copyOf(steps);
    }
}
