package org.rungpt.api.model;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;

/** Hears a streamed answer: one call at a time, in order, on any thread; must return soon. */
@ConsumerType
public interface ModelObserver {
    /** A piece arrived. */
    void delta(ModelDelta delta);

    /** The request is tried again after a wait, before anything of an answer arrived. */
    default void retrying(int attempt, Duration wait, String reason) {}

    /** The end; nothing comes after it. */
    void finished(FinishReason reason, @Nullable Usage usage);

    /** The end by an error; what arrived before it stands. */
    void failed(ModelException error);
}
