package org.rungpt.source.git;

import java.time.Duration;

/**
 * What an action from a stranger may cost.
 *
 * @param files how many files
 * @param totalBytes of all files together
 * @param fileBytes of one file
 * @param depth of directories
 * @param objects that a server may send in all
 * @param refBytes that a server may send to say what it has
 * @param packBytes that a server may send of files, packed
 * @param idle without a byte from the server
 * @param total for everything
 */
record Limits(
        int files,
        long totalBytes,
        long fileBytes,
        int depth,
        int objects,
        long refBytes,
        long packBytes,
        Duration idle,
        Duration total) {
    static final int PATH_BYTES = 1000;
    private static final long MIB = 1024 * 1024;

    static final Limits USUAL = new Limits(
            20_000,
            200 * MIB,
            50 * MIB,
            32,
            60_000,
            32 * MIB,
            220 * MIB,
            Duration.ofSeconds(30),
            Duration.ofMinutes(10));
}
