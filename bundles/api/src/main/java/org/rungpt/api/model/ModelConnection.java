package org.rungpt.api.model;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;
import org.rungpt.api.status.Readiness;

/**
 * A named way to language models: one server with one key. Each connection is a service of its own. A model's full id is
 * {@code connection/model}, for example {@code openai/gpt-5}; only the first slash separates.
 */
@ConsumerType
public interface ModelConnection {
    /** Its name, {@code [a-z][a-z0-9-]{0,30}}, unique among connections; the first part of its models' full ids. */
    String name();

    /** What people call it. */
    String title();

    /** Whether it can be used now; at once, from what is known. */
    Readiness readiness();

    /** The models known now, the recommended one first; at once. Empty before the first {@link #refresh()}. */
    List<ModelInfo> models();

    /** Id of the protocol that new conversations with its models use; empty for the general one. */
    default Optional<String> protocol() {
        return Optional.empty();
    }

    /** The way for requests that shall reach its server as they are; empty if there is none. */
    default Optional<ModelPassage> passage() {
        return Optional.empty();
    }

    /** Asks the server again. Completes exceptionally with a {@link ModelException}. */
    CompletionStage<List<ModelInfo>> refresh();

    /**
     * Asks a model to answer. Returns at once and never throws: everything, errors too, goes to the observer, which hears
     * {@link ModelObserver#finished} or {@link ModelObserver#failed} exactly once, at last.
     */
    ModelStream stream(ModelRequest request, ModelObserver observer);
}
