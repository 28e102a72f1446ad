package org.rungpt.api.status;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Whether a part can do its work now.
 *
 * @param ready true if it can
 * @param reason one sentence: if ready what it works with ("Docker 20.10.24"), else why it cannot work
 * @param remedy one sentence that says what the user can do; null if ready or nothing can be done
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

    /** Cannot do its work now. */
    public static Readiness unready(String reason, @Nullable String remedy) {
        return new Readiness(false, reason, remedy);
    }
}
