package org.rungpt.runner.docker;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;

/** How many containers there may be at once, and how much memory their limits may add up to. Under the roster's monitor. */
final class Caps {
    private final Means means;
    private final Roster roster;

    Caps(Means means, Roster roster) {
        this.means = means;
        this.roster = roster;
    }

    boolean hasRoom(long memory) {
        return count() < means.settings().maxSandboxes() && memory() + memory <= mostMemory();
    }

    /** Lets idle sandboxes go, the longest idle first, until there is room for one more container. */
    void makeRoom(long memory) throws RunnerException {
        for (Sandbox sandbox : byIdleness()) {
            if (hasRoom(memory)) {
                return;
            }
            if (sandbox.isReady()) {
                sandbox.removeIfIdle();
            }
        }
        int max = means.settings().maxSandboxes();
        if (count() >= max) {
            throw new RunnerException(
                    Kind.LIMIT,
                    max + " sandboxes are at work, which is the limit; wait for a call to end, or raise maxSandboxes in"
                            + " etc/org.rungpt.runner.docker.cfg");
        }
        if (memory() + memory > mostMemory()) {
            throw new RunnerException(
                    Kind.LIMIT,
                    "a sandbox of " + Outcomes.size(memory)
                            + " does not fit beside those at work: all together may have "
                            + (mostMemory() >> 20) + " MiB; wait for a call to end, or raise maxMemoryMiB in"
                            + " etc/org.rungpt.runner.docker.cfg");
        }
    }

    private List<Sandbox> byIdleness() {
        // How idle each is changes meanwhile: a sort must not look twice.
        Map<Sandbox, Duration> idle = new HashMap<>();
        roster.all().forEach(sandbox -> idle.put(sandbox, sandbox.idle()));
        return idle.entrySet().stream()
                .sorted(Map.Entry.<Sandbox, Duration>comparingByValue().reversed())
                .map(Map.Entry::getKey)
                .toList();
    }

    /** A sidecar counts like a sandbox. */
    private int count() {
        return roster.all().stream()
                .mapToInt(sandbox -> 1 + sandbox.sidecars().count())
                .sum();
    }

    private long memory() {
        return roster.all().stream()
                .mapToLong(sandbox -> sandbox.purpose().bounds().memory()
                        + sandbox.sidecars().count() * means.settings().memory())
                .sum();
    }

    private long mostMemory() {
        long wanted = means.settings().maxMemory();
        long engine = means.watch().memory();
        return wanted > 0 ? wanted : engine > 0 ? engine / 4 * 3 : Long.MAX_VALUE;
    }
}
