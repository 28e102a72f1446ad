package org.rungpt.runner.docker;

import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * What a sandbox is to be.
 *
 * @param id its name, also its host name
 * @param image id of its image
 * @param contents the actions in it, each {@code identity@hash}
 * @param conversation whose it is; null in the pool
 * @param action identity of the action that it is for; null for a workspace sandbox
 * @param volume the volume at {@code /workspace}; null for none
 */
record SandboxPlan(
        String id,
        String image,
        SortedSet<String> contents,
        @Nullable String conversation,
        @Nullable String action,
        @Nullable String volume) {}
