package org.rungpt.runner.docker;

import org.jspecify.annotations.Nullable;

/**
 * What the container of a sandbox is to be; {@link SandboxFactory} makes it so.
 *
 * @param id its name, also its host name
 * @param image id of its image
 * @param conversation whose it is; null in the pool
 * @param purpose what it is for
 * @param volume the volume at {@code /workspace}; null for none
 */
record SandboxPlan(
        String id,
        String image,
        @Nullable String conversation,
        Purpose purpose,
        @Nullable String volume) {}
