package org.rungpt.api.chat;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What was decided on a call.
 *
 * @param allow whether it may run
 * @param scope how far the decision goes; a denial is always for this once
 * @param reason why, told to the model; null if nothing was said
 * @param approval id of the approval that was shown: if the call waits for another one meanwhile, nothing is decided; null for whichever
 *     it waits for
 * @param arguments what the user made of the arguments, a JSON object as text; exactly this runs. Null leaves them as shown
 * @param grant what the call gets of what it asks for; null for all of it, which is not possible if it asks for shares, because
 *     somebody has to choose the directories
 */
public record Decision(
        boolean allow,
        Scope scope,
        @Nullable String reason,
        @Nullable String approval,
        @Nullable String arguments,
        @Nullable Access grant) {
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

    /** On a call as it is, with all it asks for. */
    public Decision(boolean allow, Scope scope, @Nullable String reason) {
        this(allow, scope, reason, null, null, null);
    }
}
