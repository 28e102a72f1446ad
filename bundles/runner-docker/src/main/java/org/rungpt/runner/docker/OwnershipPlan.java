package org.rungpt.runner.docker;

import java.util.List;

/**
 * A container that gives the files of a workspace to another user: those that root made there before would be read-only for a sandbox
 * that runs as the owner of a writable share.
 *
 * @param id its name
 * @param image id of an image with the usual programs
 * @param volume the workspace
 * @param caches that belong to it
 * @param user {@code uid:gid}
 */
record OwnershipPlan(String id, String image, String volume, List<String> caches, String user) {
    static final Bounds BOUNDS = new Bounds(64L << 20, 1, 16, 16L << 20);
}
