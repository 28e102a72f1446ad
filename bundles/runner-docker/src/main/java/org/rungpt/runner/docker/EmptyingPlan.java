package org.rungpt.runner.docker;

import java.util.List;

/**
 * A container that empties a volume which the engine cannot remove: a program can make a tree in it that is deeper than the engine reads.
 *
 * @param id its name
 * @param image id of the base image
 * @param volume what is emptied
 */
record EmptyingPlan(String id, String image, String volume) {
    static final Bounds BOUNDS = new Bounds(256L << 20, 1, 16, 16L << 20);

    static final List<String> COMMAND = List.of(
            "/usr/bin/find", "/workspace", "-mindepth", "1", "-maxdepth", "1", "-exec", "rm", "-rf", "--", "{}", "+");
}
