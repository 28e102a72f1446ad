package org.rungpt.api.model;

import org.osgi.annotation.versioning.ConsumerType;

/** An answer that is being streamed. */
@ConsumerType
public interface ModelStream {
    /**
     * Closes the connection to the server at once; the observer hears {@code finished} with {@link FinishReason#CANCELLED}
     * unless it has heard an end already. Harmless after the end; any thread.
     */
    void cancel();
}
