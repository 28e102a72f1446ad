package org.rungpt.api.chat;

import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Finds out by which protocol a model calls better: asks it a small fixed set of tasks in each, and looks at the calls that it writes.
 * Nothing is executed. Only users start it, since it costs tokens. Any thread.
 */
@ProviderType
public interface ModelProbes {
    /**
     * Begins, or gives the one that is under way.
     *
     * @param model full id of a model
     * @throws ChatException if there is no such connection, or no protocol
     */
    ProbeReport start(String model) throws ChatException;

    /** The latest probe of a model, as far as it is; empty if there was none since the start. */
    Optional<ProbeReport> report(String model);

    /** Ends the probe that is under way. Harmless if there is none. */
    void cancel(String model);
}
