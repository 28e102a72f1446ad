package org.rungpt.api.call;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the model is told of a call.
 *
 * @param call the call's id
 * @param ref the id that the model gave it, unique in the conversation
 * @param task {@code alias.task}, as the model wrote it
 * @param status how it stands; {@code WORKING} for an interim result
 * @param exit exit code of the program; null if it never ran or was killed
 * @param text the output for the model, already cut to the output budget; or the reason why it did not run
 * @param bytes how much output there was in all, in bytes
 * @param note one sentence on a limit that was hit or on what was left out; null if there is nothing to say
 */
public record CallResult(
        String call,
        String ref,
        String task,
        CallStatus status,
        @Nullable Integer exit,
        String text,
        long bytes,
        @Nullable String note) {
    public CallResult {
        Objects.requireNonNull(call, "call");
        Objects.requireNonNull(ref, "ref");
        Objects.requireNonNull(task, "task");
        Objects.requireNonNull(status, "status");
        Objects.requireNonNull(text, "text");
    }
}
