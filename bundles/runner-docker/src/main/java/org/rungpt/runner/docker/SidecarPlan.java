package org.rungpt.runner.docker;

import org.jspecify.annotations.Nullable;

/**
 * What the container of a sidecar is to be; {@link SandboxFactory} makes it so.
 *
 * @param id its name
 * @param image id of its image
 * @param spec what was asked for
 * @param sandbox beside which sandbox
 * @param container of that sandbox: its network is shared
 * @param processes the container among whose processes its own are, so that the sidecar ends when that does
 * @param writer as whom it runs, without capabilities, because its sandbox may write into a share; null for whom its image wants
 * @param conversation whose it is
 * @param bounds what it may use up
 */
record SidecarPlan(
        String id,
        String image,
        SidecarSpec spec,
        String sandbox,
        String container,
        String processes,
        @Nullable String writer,
        @Nullable String conversation,
        Bounds bounds) {}
