package org.rungpt.runner.docker;

/** What a volume holds. A file takes room of a file system even if nothing is in it. */
record DiskUse(long bytes, long files) {
    static final DiskUse NONE = new DiskUse(0, 0);
    private static final long LEAST_OF_A_FILE = 4096;

    /** Bytes, as the limit counts them. */
    long counted() {
        return Math.max(bytes, files * LEAST_OF_A_FILE);
    }
}
