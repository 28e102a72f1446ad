package org.rungpt.runner.docker;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What there is on the engine and what the runner knows: takes over what a predecessor left, and removes what nobody can use. */
final class Adoption {
    private static final Logger LOG = LoggerFactory.getLogger(Adoption.class);

    private final Means means;
    private final Roster roster;
    private final Pool pool;
    private final Workspaces workspaces;
    private final BuiltIns builtIns;
    private final Deletion deletion;
    private final Sandbox.Keeper keeper;
    private final Containers containers;
    private volatile boolean adopted;
    /** Whose actions were not installed at the last look. */
    private Set<Sandbox> uninstalled = Set.of();

    Adoption(
            Means means,
            Roster roster,
            Pool pool,
            Workspaces workspaces,
            BuiltIns builtIns,
            Deletion deletion,
            Sandbox.Keeper keeper) {
        this.means = means;
        this.roster = roster;
        this.pool = pool;
        this.workspaces = workspaces;
        this.builtIns = builtIns;
        this.deletion = deletion;
        this.keeper = keeper;
        this.containers = means.containers();
    }

    /** Takes over what a predecessor left on the engine, and removes what nobody can use. Blocking. */
    void adopt() throws RunnerException {
        if (workspaces.isLost()) {
            try {
                workspaces.recover(containers.workspaces());
            } catch (IOException e) {
                throw new RunnerException(Kind.SANDBOX, "the workspaces cannot be noted: " + EngineFailures.line(e), e);
            }
        }
        // Deletions that a predecessor could not finish.
        for (String conversation : workspaces.doomedConversations()) {
            try {
                deletion.journals().release(conversation);
            } catch (RunnerException e) {
                LOG.warn("Of the deleted conversation {}: {}", conversation, e.getMessage());
            }
        }
        for (Sweep.Found found : containers.sweep(this::known)) {
            adopt(found);
        }
        sweepVolumes();
        adopted = true;
    }

    private void adopt(Sweep.Found found) {
        String volume = found.volume();
        String conversation = found.conversation();
        if (conversation == null && volume != null) {
            conversation = workspaces.conversationOf(volume);
        }
        boolean isDoomed = volume != null && workspaces.isDoomed(volume);
        if (isDoomed || conversation != null && deletion.isDeleted(conversation)) {
            containers.remove(found);
            return;
        }
        Sandbox sandbox = new Sandbox(means, found.id(), conversation, found.purpose(), found.created(), keeper);
        sandbox.volume(volume);
        sandbox.found(found.container());
        String user = found.user();
        if (user != null) {
            sandbox.user(user);
        }
        sandbox.environment(found.environment());
        found.sidecars().forEach(sandbox.sidecars()::add);
        sandbox.sidecars().pause(found.pause());
        synchronized (roster) {
            if (!roster.adopt(
                    sandbox, conversation == null ? null : found.purpose().key(conversation))) {
                return;
            }
            if (conversation == null) {
                pool.add(sandbox);
            }
        }
        String proxy = found.egress();
        try {
            means.work().execute(() -> {
                if (proxy != null) {
                    sandbox.adoptEgress(proxy);
                }
                sandbox.adopt();
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("The runner goes", e);
        }
    }

    /**
     * Now and then: removes what came into being without anybody knowing, like a container that the engine made after its answer
     * was waited for no longer, tries again what could not be removed, and lets the sandboxes of uninstalled actions go. Blocking.
     *
     * @param young containers of less age may be known a moment later
     */
    void tidy(Duration young) {
        if (!adopted || roster.isClosed()) {
            return;
        }
        uninstalledSinceLastTime().forEach(Sandbox::retire);
        containers.tidy(this::known, Instant.now().minus(young));
        sweepVolumes();
        try {
            workspaces.keepDoomed(containers.volumeNames());
        } catch (IOException e) {
            LOG.debug("Removed workspaces are forgotten another time: {}", EngineFailures.line(e));
        }
    }

    /** While its source is being swapped, an action is away for a moment: that is no reason. */
    private synchronized List<Sandbox> uninstalledSinceLastTime() {
        Set<String> installed = new HashSet<>();
        builtIns.installed().forEach(action -> installed.add(action.id().value()));
        List<Sandbox> now = roster.all().stream()
                .filter(sandbox -> {
                    String action = sandbox.purpose().action();
                    return action != null && !installed.contains(action);
                })
                .toList();
        List<Sandbox> since = now.stream().filter(uninstalled::contains).toList();
        uninstalled = Set.copyOf(now);
        return since;
    }

    private void sweepVolumes() {
        containers.sweepVolumes(() -> neededBy(roster.allAndLeaving()));
    }

    /** The workspaces of conversations, and the volumes of these sandboxes. */
    private Set<String> neededBy(Collection<Sandbox> sandboxes) {
        Set<String> volumes = workspaces.volumes();
        for (Sandbox sandbox : sandboxes) {
            volumes.add(containers.egressVolume(sandbox.id()));
            String volume = sandbox.volume();
            if (volume != null) {
                volumes.add(volume);
            }
        }
        return volumes;
    }

    private Set<String> known() {
        Set<String> known = new LinkedHashSet<>();
        roster.allAndLeaving().forEach(sandbox -> known.add(sandbox.id()));
        return known;
    }

    /** The whole server has ended: what nobody would use before its lease ends goes. Blocking. */
    void clear(List<Sandbox> busy) {
        Set<String> kept = new LinkedHashSet<>();
        busy.forEach(sandbox -> kept.add(sandbox.id()));
        containers.removeAllBut(kept);
        containers.sweepVolumes(() -> neededBy(busy));
    }
}
