package org.rungpt.runner.docker;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Workspace sandboxes that wait for a conversation, each with the volume that it will own. Any thread. */
final class Pool {
    private static final Logger LOG = LoggerFactory.getLogger(Pool.class);
    private static final Duration PAUSE = Duration.ofMinutes(1);

    private final int size;
    private final Workspaces workspaces;
    private final Set<Sandbox> waiting = new LinkedHashSet<>();
    /** Those that would be made otherwise now. */
    private final Set<Sandbox> outdated = new HashSet<>();

    private long pausedUntil = System.nanoTime();

    Pool(int size, Workspaces workspaces) {
        this.size = size;
        this.workspaces = workspaces;
    }

    synchronized void add(Sandbox sandbox) {
        waiting.add(sandbox);
    }

    synchronized boolean contains(Sandbox sandbox) {
        return waiting.contains(sandbox);
    }

    /** @return whether it was in the pool */
    synchronized boolean remove(Sandbox sandbox) {
        outdated.remove(sandbox);
        return waiting.remove(sandbox);
    }

    /** From now on sandboxes are made otherwise: those that wait are of no use any more. */
    synchronized void outdated() {
        outdated.addAll(waiting);
    }

    /** A sandbox for a conversation that has no workspace yet; null if there is none ready. */
    synchronized @Nullable Sandbox take(String conversation, Purpose purpose) throws RunnerException {
        if (workspaces.volumeOf(conversation) != null) {
            return null;
        }
        for (Sandbox sandbox : waiting) {
            String volume = sandbox.volume();
            if (volume != null
                    && !outdated.contains(sandbox)
                    && sandbox.isReady()
                    && sandbox.purpose().serves(purpose)) {
                try {
                    workspaces.bind(conversation, volume);
                } catch (IOException e) {
                    throw new RunnerException(
                            Kind.SANDBOX, "the workspace cannot be noted: " + EngineFailures.line(e), e);
                }
                remove(sandbox);
                sandbox.belongsTo(conversation);
                return sandbox;
            }
        }
        return null;
    }

    /** Those that are of no use any more, or too many. */
    synchronized List<Sandbox> surplus(Purpose wanted) {
        List<Sandbox> surplus = new ArrayList<>();
        int kept = 0;
        for (Sandbox sandbox : waiting) {
            if (outdated.contains(sandbox) || !sandbox.purpose().serves(wanted) || ++kept > size) {
                surplus.add(sandbox);
            }
        }
        return surplus;
    }

    synchronized boolean wantsMore() {
        return waiting.size() < size && System.nanoTime() - pausedUntil >= 0;
    }

    /** One could not be made: the next attempt is not at once. */
    synchronized void failed(RunnerException reason) {
        pausedUntil = System.nanoTime() + PAUSE.toNanos();
        LOG.warn("No sandbox for the pool: {}", reason.getMessage());
    }
}
