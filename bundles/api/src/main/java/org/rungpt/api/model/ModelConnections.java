package org.rungpt.api.model;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;

/** Lets users make and change connections of one kind. Implemented by the bundle that speaks to such servers. Any thread. */
@ConsumerType
public interface ModelConnections {
    /** The kind, for example {@code openai}. */
    String kind();

    /** The connections as they are set. */
    List<ConnectionSettings> connections();

    /**
     * Makes or changes a connection; it is used from the next request on.
     *
     * @param settings what it shall be
     * @param key the new key; the empty string removes it; null keeps it, unless the base URL goes to another origin, which
     *     removes it
     * @throws IllegalArgumentException if a setting is wrong or the name is another's; one line that names it
     * @throws IllegalStateException if it cannot be kept now; one line with what helps
     */
    void save(ConnectionSettings settings, @Nullable String key);

    /** Looks for servers that are there without having been set up; completes when it is known, never exceptionally. */
    default CompletionStage<Void> look() {
        return CompletableFuture.completedFuture(null);
    }

    /** Removes a connection and its key. Removing what is not there is harmless. */
    void remove(String name);
}
