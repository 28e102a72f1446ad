package org.rungpt.api.status;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Whether a part can do its work now.
 *
 * @param ready true if it can
 * @param reason one sentence: if ready what it works with ("Docker 20.10.24"), else why it cannot work
 * @param remedy one sentence that says what the user can do; null if nothing needs to or can be
 *     done. What is ready and has one works, with a weakness that the remedy names
 */
public record Readiness(
        boolean ready, String reason, @Nullable String remedy) {
    public Readiness {
        Objects.requireNonNull(reason, "reason");
    }

    /** Can do its work. */
    public static Readiness ready(String reason) {
        return new Readiness(true, reason, null);
    }

    /** Can do its work, with a weakness that the remedy names; null for none. */
    public static Readiness warned(String reason, @Nullable String remedy) {
        return new Readiness(true, reason, remedy);
    }

    /** Cannot do its work now. */
    public static Readiness unready(String reason, @Nullable String remedy) {
        return new Readiness(false, reason, remedy);
    }
}
