package org.rungpt.api.action;

/** What a task changes. Decides when a call may start and what an approval says. */
public enum Effects {
    /** Nothing, and it reads nothing of the user's. */
    NONE,
    /** Reads only. */
    READ,
    /** Changes or creates something. */
    WRITE,
    /** May destroy what cannot be brought back. */
    DESTRUCTIVE;

    /** Whether a call may run before the answer that holds it has ended. */
    public boolean isHarmless() {
        return this == NONE || this == READ;
    }
}
