package org.rungpt.api.runner;

import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;

/** A call that a runner works on. */
@ConsumerType
public interface CallHandle {
    /** The call's id. */
    String call();

    /** Asks it to end: SIGTERM, five seconds later SIGKILL of everything it started. Returns at once; harmless after the end. */
    void cancel();

    /**
     * How it ended. Completes after the last output was observed, on any thread. Completes exceptionally with a
     * {@link RunnerException} if the runner can no longer tell; its kind says whether a successor can resume the call, or start it.
     */
    CompletionStage<CallOutcome> outcome();

    /**
     * The outcome is durable with whoever asked for it. Until then an ended call is kept for a while, and can be resumed. Returns at
     * once; harmless before the end, and if said twice.
     */
    void forget();
}
