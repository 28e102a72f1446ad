package org.rungpt.api.call;

import java.util.Objects;

/**
 * A complete call as a model wrote it; its arguments are checked against the schema later.
 *
 * @param ref the id that the model gave it
 * @param task {@code alias.task}, as written
 * @param arguments a JSON object as text
 * @param raw the call exactly as written, so that the history can be told to the model unchanged
 */
public record ParsedCall(String ref, String task, String arguments, String raw) {
    public ParsedCall {
        Objects.requireNonNull(ref, "ref");
        Objects.requireNonNull(task, "task");
        Objects.requireNonNull(arguments, "arguments");
        Objects.requireNonNull(raw, "raw");
    }
}
