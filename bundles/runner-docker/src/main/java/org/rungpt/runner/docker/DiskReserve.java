package org.rungpt.runner.docker;

import org.jspecify.annotations.Nullable;

/**
 * Decides when so little is left of the engine's file system that what runs has to end. What is left is told from outside of all
 * sandboxes: whatever programs hide from the measure of their own shows here. A disk that is nearly full and stays so is no reason, only
 * one that has become fuller since something runs. One thread at a time.
 */
final class DiskReserve {
    /** As many bytes as fit the file system. */
    static final long FITTING = -1;

    private static final long MOST_FITTING = 2L << 30;
    private static final int PART = 20;
    private static final long SLACK_BYTES = 64L << 20;
    private static final long SLACK_FILES = 16_384;
    /** So long after an end what was ended may still write, and what it wrote still go. */
    private static final double SETTLING = 3;

    private static final double SHORTEST = 0.25;

    /**
     * What a file system has.
     *
     * @param files how many it can have; 0 if it knows no such limit
     */
    record Space(long bytes, long freeBytes, long files, long freeFiles) {}

    private final long reserve;
    private final Room bytes = new Room(SLACK_BYTES);
    private final Room files = new Room(SLACK_FILES);
    private @Nullable Long endedAt;

    /** @param reserve bytes that stay free; 0 for none, negative for as many as fit */
    DiskReserve(long reserve) {
        this.reserve = reserve;
    }

    /** Nothing runs: what is gone at the next look nobody has taken who runs then. */
    void rest() {
        bytes.known = false;
        files.known = false;
        endedAt = null;
    }

    /**
     * Looks at what is left while something runs.
     *
     * @param nanos the time, by the clock of {@link System#nanoTime()}
     * @return why what runs has to end; null if it may go on
     */
    @Nullable
    String look(Space now, long nanos) {
        boolean settling = endedAt != null && seconds(endedAt, nanos) < SETTLING;
        boolean fewBytes = bytes.isUsedUp(now.freeBytes, reserveOf(now), nanos, settling);
        boolean fewFiles = files.isUsedUp(now.freeFiles, reserve == 0 ? 0 : now.files / PART, nanos, settling);
        if (!fewBytes && !fewFiles) {
            return null;
        }
        endedAt = nanos;
        bytes.most = now.freeBytes;
        files.most = now.freeFiles;
        return fewBytes ? Outcomes.engineNearlyFull(now.freeBytes) : Outcomes.engineHasFewFiles(now.freeFiles);
    }

    private long reserveOf(Space space) {
        return reserve < 0 ? Math.min(MOST_FITTING, space.bytes / PART) : reserve;
    }

    /** Half of the seconds in which the reserve would be reached; infinite if it would not be. */
    double patience() {
        return Math.min(bytes.patience(), files.patience());
    }

    private static double seconds(long since, long nanos) {
        return (nanos - since) / 1e9;
    }

    /** What is left of one thing. */
    private static final class Room {
        private final long slack;
        private boolean known;
        /** That was left since something runs. */
        private long most;

        private long last;
        private long looked;
        private double rate;
        private long least;

        Room(long slack) {
            this.slack = slack;
        }

        boolean isUsedUp(long free, long reserve, long nanos, boolean settling) {
            rate = known ? (last - free) / Math.max(SHORTEST, seconds(looked, nanos)) : 0;
            most = known && !settling ? Math.max(most, free) : free;
            least = Math.min(reserve, most - slack);
            known = true;
            last = free;
            looked = nanos;
            return free < least;
        }

        double patience() {
            return known && rate > 0 && least > 0 ? Math.max(0, last - least) / rate / 2 : Double.POSITIVE_INFINITY;
        }
    }
}
