package org.rungpt.runner.docker;

/**
 * What the container that keeps the journal of a workspace is to be; {@link SandboxFactory} makes it so. No program of a call ever
 * runs in it.
 *
 * @param id its name
 * @param conversation whose workspace it looks at
 * @param image id of the base image
 * @param volume the workspace
 */
record JournalPlan(String id, String conversation, String image, String volume) {
    static final Bounds BOUNDS = new Bounds(256L << 20, 1, 16, 16L << 20);
}
