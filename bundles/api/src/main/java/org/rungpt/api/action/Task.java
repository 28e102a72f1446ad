package org.rungpt.api.action;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * One thing that an action can do.
 *
 * @param name {@code [a-z][a-z0-9_]*}, unique in its action
 * @param description one or a few sentences for the model
 * @param parameters JSON Schema (2020-12) of the arguments, as JSON text; its type is {@code object}
 * @param examples arguments, each a JSON object as text
 * @param effects what it changes
 * @param idempotent whether running it twice is the same as once
 * @param background whether its result is expected to arrive late, so that the model is not kept waiting
 * @param timeout how long one call may take in all
 * @param output how its standard output is to be read
 */
public record Task(
        String name,
        String description,
        String parameters,
        List<String> examples,
        Effects effects,
        boolean idempotent,
        boolean background,
        Duration timeout,
        Output output) {
    /** How standard output is to be read. */
    public enum Output {
        /** As text. */
        TEXT,
        /** As one JSON event a line. */
        EVENTS
    }

    public Task {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(description, "description");
        Objects.requireNonNull(parameters, "parameters");
        examples = List.copyOf(examples);
        Objects.requireNonNull(effects, "effects");
        Objects.requireNonNull(timeout, "timeout");
        Objects.requireNonNull(output, "output");
    }
}
