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
 * @param idleTimeout how long it may say nothing; never more than the timeout
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
        Duration idleTimeout,
        Output output) {
    /** How long a call may say nothing if its task does not tell. */
    public static final Duration IDLE = Duration.ofMinutes(10);

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
        idleTimeout = idleTimeout.compareTo(timeout) < 0 ? idleTimeout : timeout;
        Objects.requireNonNull(output, "output");
    }

    /** A task whose calls may be silent as long as {@link #IDLE}. */
    public Task(
            String name,
            String description,
            String parameters,
            List<String> examples,
            Effects effects,
            boolean idempotent,
            boolean background,
            Duration timeout,
            Output output) {
        this(name, description, parameters, examples, effects, idempotent, background, timeout, IDLE, output);
    }
}
