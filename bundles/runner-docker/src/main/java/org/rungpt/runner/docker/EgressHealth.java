package org.rungpt.runner.docker;

import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.status.Readiness;

/** What is known of the way out of all sandboxes. */
final class EgressHealth {
    private final EgressSettings settings;
    private volatile @Nullable String problem;
    private volatile boolean detached;

    EgressHealth(EgressSettings settings) {
        this.settings = settings;
    }

    void works() {
        problem = null;
    }

    void failed(RunnerException reason) {
        problem = reason.getMessage();
    }

    /** @param engine how the engine stands */
    Readiness readiness(Readiness engine) {
        if (!engine.ready()) {
            return Readiness.unready("Sandboxes have no network: " + engine.reason(), engine.remedy());
        }
        String now = problem;
        return now == null
                ? Readiness.ready(settings.describe())
                : Readiness.unready(
                        "The last sandbox that was to have network got none: " + now + ".",
                        "Look at egressNetwork and egressProxy in etc/org.rungpt.runner.docker.cfg; the next call tries"
                                + " again.");
    }

    /** The runner goes: nothing is removed any more. */
    void detach() {
        detached = true;
    }

    boolean isDetached() {
        return detached;
    }
}
