package org.rungpt.api.runner;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a program ended.
 *
 * @param exit its exit code; null if it was killed
 * @param reason why it ended
 * @param message one sentence that names the limit that was hit; null if none was
 * @param stdout bytes of standard output in all
 * @param stderr bytes of standard error in all
 * @param duration from start to end of the program
 * @param sandbox id of the sandbox it ran in
 */
public record CallOutcome(
        @Nullable Integer exit,
        Reason reason,
        @Nullable String message,
        long stdout,
        long stderr,
        Duration duration,
        String sandbox) {
    /** Why a program ended. */
    public enum Reason {
        /** By itself. */
        EXITED,
        /** Somebody cancelled the call. */
        CANCELLED,
        /** Its time was up, in all or without output. */
        TIMEOUT,
        /** Too much output. */
        OUTPUT_LIMIT,
        /** Another limit of the sandbox: memory, processes, disk. */
        RESOURCE_LIMIT,
        /** The sandbox ended under it. */
        SANDBOX_LOST
    }

    public CallOutcome {
        Objects.requireNonNull(reason, "reason");
        Objects.requireNonNull(duration, "duration");
        Objects.requireNonNull(sandbox, "sandbox");
    }
}
