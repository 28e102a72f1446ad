package org.rungpt.runner.docker;

import java.util.List;

/**
 * What the container that measures volumes is to be; {@link SandboxFactory} makes it so. No program of a call ever runs in it.
 *
 * @param id its name
 * @param sandbox for which sandbox
 * @param image id of the base image
 * @param volumes what is measured, each for itself
 */
record DiskPlan(String id, String sandbox, String image, List<String> volumes) {
    static final Bounds BOUNDS = new Bounds(128L << 20, 1, 16, 16L << 20);
    static final String PLACE = "/disk/";

    /** A line on stdin asks; the answer is a line for each volume, and one with a dot. It ends with who asks. */
    static final List<String> COMMAND =
            List.of("/bin/sh", "-c", "while read -r ask; do du -s -B1 " + PLACE + "*; echo .; done 2>/dev/null");
}
