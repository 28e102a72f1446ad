package org.rungpt.api.chat;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What was decided on a call.
 *
 * @param allow whether it may run
 * @param scope how far the decision goes; a denial is always for this once
 * @param reason why, told to the model; null if nothing was said
 */
public record Decision(boolean allow, Scope scope, @Nullable String reason) {
    /** How far an approval goes. */
    public enum Scope {
        /** This call. */
        ONCE,
        /** This task of this version, in this conversation. */
        CONVERSATION,
        /** This task of this version, everywhere. */
        ALWAYS
    }

    public Decision {
        Objects.requireNonNull(scope, "scope");
    }
}
