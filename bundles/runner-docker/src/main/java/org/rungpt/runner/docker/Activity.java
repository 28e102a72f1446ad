package org.rungpt.runner.docker;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Statistics;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether something may run in a sandbox. What there is without a call, the engine counts. One thread asks. */
final class Activity {
    private static final Logger LOG = LoggerFactory.getLogger(Activity.class);
    private static final long QUESTION_NANOS = TimeUnit.SECONDS.toNanos(3);

    /** The init process and the action service. */
    private static final long OWN_PROCESSES = 2;

    private final Engine engine;
    private final Sandbox sandbox;
    private boolean busy;
    private long askedAt = System.nanoTime() - TimeUnit.MINUTES.toNanos(1);
    /** When nothing but its own processes was in it. */
    private volatile @Nullable Long quietAt;

    private volatile boolean crowded;

    Activity(Engine engine, Sandbox sandbox) {
        this.engine = engine;
        this.sandbox = sandbox;
    }

    boolean isPossible() {
        Long quiet = quietAt;
        if (sandbox.runningCalls() > 0 || sandbox.sidecars().count() > 0) {
            busy = true;
        } else if (quiet != null && quiet - sandbox.lastUsed() > 0) {
            busy = false;
            return false;
        } else if (System.nanoTime() - askedAt > QUESTION_NANOS) {
            ask();
        }
        return busy || crowded;
    }

    /** Whether more processes than its own were in it when it was asked last. */
    boolean isCrowded() {
        return crowded;
    }

    private void ask() {
        long asked = System.nanoTime();
        askedAt = asked;
        engine.streams()
                .statsCmd(Objects.requireNonNull(sandbox.container()))
                .withNoStream(true)
                .exec(new ResultCallback.Adapter<Statistics>() {
                    @Override
                    public void onNext(Statistics told) {
                        Long count = told.getPidsStats() == null
                                ? null
                                : told.getPidsStats().getCurrent();
                        crowded = count == null || count > OWN_PROCESSES;
                        if (!crowded) {
                            quietAt = asked;
                        }
                    }

                    @Override
                    public void onError(Throwable failure) {
                        crowded = true; // nobody knows
                        LOG.debug("What runs in a sandbox is not known: {}", EngineFailures.line(failure));
                    }
                });
    }
}
