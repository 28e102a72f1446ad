package org.rungpt.api.runner;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionId;

/**
 * A sandbox that exists.
 *
 * @param id its id
 * @param conversation whose it is; null while it waits in the pool
 * @param action whose calls it runs; null for a workspace sandbox
 * @param created when
 * @param runningCalls how many calls run in it now
 */
public record SandboxInfo(
        String id, @Nullable String conversation, @Nullable ActionId action, Instant created, int runningCalls) {}
