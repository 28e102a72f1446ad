package org.rungpt.runner.docker;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.RunnerException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells how much lies on the volumes of a sandbox and its sidecars, and what is left of the file system that they are on, by a container
 * beside it that has nothing but these volumes, read-only: what programs of the sandbox do to what is in there, or to its processes,
 * falsifies and hinders nothing. It ends with its link. One thread asks; any may close.
 */
final class DiskMeter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DiskMeter.class);
    private static final byte[] SPACE = "space\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] USE = "use\n".getBytes(StandardCharsets.US_ASCII);
    private static final int LONGEST_ROW = 1 << 10;
    private static final long MOMENT_MILLIS = 300;
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Means means;
    private final String sandbox;
    private List<String> volumes = List.of();
    private volatile @Nullable Line line;
    private volatile @Nullable String container;
    private @Nullable Long failedAt;
    private volatile boolean closed;

    DiskMeter(Means means, String sandbox) {
        this.means = means;
        this.sandbox = sandbox;
    }

    /**
     * What it told last: what a large tree holds is known later.
     *
     * @param volumes those that are known by now
     * @param space null as long as it is not told anew
     */
    record Measured(Map<String, DiskUse> volumes, DiskReserve.@Nullable Space space) {
        static final Measured NOTHING = new Measured(Map.of(), null);
    }

    /** Blocking while it is made; else it waits for a moment only. */
    Measured measure(List<String> wanted) throws InterruptedException {
        Line now = line(wanted);
        return now == null ? Measured.NOTHING : now.ask();
    }

    private synchronized @Nullable Line line(List<String> wanted) {
        if (closed) {
            return null;
        }
        Line known = line;
        if (known != null && known.open && volumes.equals(wanted)) {
            return known;
        }
        if (failedAt != null && System.nanoTime() - failedAt < PAUSE_NANOS) {
            return null;
        }
        end();
        volumes = List.copyOf(wanted);
        try {
            String made = means.containers()
                    .createMeter(new DiskPlan(
                            Instance.newName(), sandbox, means.images().base(), volumes));
            container = made;
            means.containers().start(made);
            Line fresh = new Line(volumes);
            fresh.attached = new DockerTransport(means.engine().streams(), made).open(fresh.stdin, fresh);
            line = fresh;
            failedAt = null;
            if (closed) {
                fresh.close(); // it was let go of meanwhile
            }
            return fresh;
        } catch (RunnerException | IOException | RuntimeException e) {
            LOG.warn(
                    "What sandbox {} has written to its volumes cannot be measured: {}",
                    sandbox,
                    EngineFailures.line(e));
            failedAt = System.nanoTime();
            end();
            return null;
        }
    }

    /** Its container, if it has one. */
    @Nullable
    String container() {
        return container;
    }

    /** Not needed for now. Blocking. */
    synchronized void end() {
        Line now = line;
        String there = container;
        line = null;
        container = null;
        if (now != null) {
            now.close();
        }
        if (there != null) {
            means.containers().removeQuietly(there);
        }
    }

    /** Not needed any more. Blocking. */
    @Override
    public synchronized void close() {
        closed = true;
        end();
    }

    /** Lets go of it at once, also while it is being made: without its link it ends by itself. */
    void detach() {
        closed = true;
        Line now = line;
        if (now != null) {
            now.close();
        }
    }

    /** One link to one container. */
    private static final class Line implements Transport.Receiver {
        final StdinQueue stdin = new StdinQueue();
        final List<String> volumes;
        volatile boolean open = true;
        volatile @Nullable Closeable attached;
        private final StringBuilder text = new StringBuilder();
        private final Map<String, DiskUse> counted = new TreeMap<>();
        private Map<String, DiskUse> last = Map.of();
        private DiskReserve.@Nullable Space space;
        private boolean askedForUse;
        private boolean askedForSpace;

        Line(List<String> volumes) {
            this.volumes = volumes;
        }

        synchronized Measured ask() throws InterruptedException {
            if (!askedForSpace) {
                askedForSpace = true;
                stdin.offer(SPACE);
            }
            if (!askedForUse) {
                askedForUse = true;
                stdin.offer(USE);
            }
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MOMENT_MILLIS);
            for (long rest = end - System.nanoTime();
                    (askedForUse || askedForSpace) && open && rest > 0;
                    rest = end - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(this, rest);
            }
            return new Measured(last, askedForSpace ? null : space);
        }

        @Override
        public synchronized void stdout(byte[] bytes) {
            text.append(new String(bytes, StandardCharsets.ISO_8859_1));
            for (int end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
                read(text.substring(0, end));
                text.delete(0, end + 1);
            }
            if (text.length() > LONGEST_ROW) {
                closed(null);
            }
        }

        private void read(String row) {
            String[] parts = row.split(" ");
            try {
                switch (parts[0]) {
                    case "space" -> {
                        long block = Long.parseLong(parts[1]);
                        space = new DiskReserve.Space(
                                block * Long.parseLong(parts[2]),
                                block * Long.parseLong(parts[3]),
                                Long.parseLong(parts[4]),
                                Long.parseLong(parts[5]));
                        askedForSpace = false;
                    }
                    case "use" ->
                        counted.put(
                                volumes.get(Integer.parseInt(parts[1])),
                                new DiskUse(Long.parseLong(parts[2]), Long.parseLong(parts[3])));
                    case "." -> {
                        last = Map.copyOf(counted);
                        counted.clear();
                        askedForUse = false;
                    }
                    default -> LOG.debug("No answer: {}", EngineFailures.oneLine(row, 100));
                }
            } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
                LOG.debug("No measure: {}", EngineFailures.oneLine(row, 100));
            }
            notifyAll();
        }

        @Override
        public void stderr(byte[] bytes) {
            // It has nothing to say.
        }

        @Override
        public synchronized void closed(@Nullable Throwable failure) {
            open = false;
            notifyAll();
        }

        void close() {
            closed(null);
            stdin.close();
            Closeable link = attached;
            if (link != null) {
                try {
                    link.close();
                } catch (IOException e) {
                    LOG.debug("A meter did not let go", e);
                }
            }
        }
    }
}
