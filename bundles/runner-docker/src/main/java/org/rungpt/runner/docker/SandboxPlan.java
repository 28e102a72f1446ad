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
 * @param shares the directories of the host that its border lets through, as they are now
 * @param contributed what else it gets
 */
record SandboxPlan(
        String id,
        String image,
        @Nullable String conversation,
        Purpose purpose,
        @Nullable String volume,
        CheckedShares shares,
        Contributed contributed) {
    static final String ROOT = "0:0";
    /** Who runs third-party actions: nobody that exists on the host. */
    static final String NOBODY = "65532:65532";

    SandboxPlan with(Contributed more) {
        return new SandboxPlan(id, image, conversation, purpose, volume, shares, more);
    }

    /** Who runs in it, {@code uid:gid}: whoever may write into a share is its owner, so that what is made there belongs to them. */
    String user() {
        String writer = shares.writer();
        return writer != null ? writer : purpose.isWorkspace() ? ROOT : NOBODY;
    }

    boolean isRootOfWorkspace() {
        return purpose.isWorkspace() && user().equals(ROOT);
    }

    /** Whether its user needs to be given the files of the workspace that root made before. */
    boolean isUserOfWorkspace() {
        return purpose.isWorkspace() && volume != null && !user().startsWith("0:");
    }
}
