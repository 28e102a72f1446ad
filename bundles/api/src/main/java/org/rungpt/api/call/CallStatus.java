package org.rungpt.api.call;

import java.util.Locale;

/** How a call stands. The names are those of MCP tasks where there is one. */
public enum CallStatus {
    /** Waits for the user's approval. */
    INPUT_REQUIRED,
    /** Approved or free, not finished. */
    WORKING,
    /** Ended with exit code 0. */
    COMPLETED,
    /** Ended with another exit code, or stopped by a limit. */
    FAILED,
    /** Stopped by the user, or because its turn was. */
    CANCELLED,
    /** Refused by the user or by policy; it never ran. */
    DENIED,
    /** The call itself was wrong (unknown task, bad arguments, damaged tag); it never ran. */
    INVALID,
    /** RunGPT ended while it ran, and it was ended too. */
    INTERRUPTED,
    /** RunGPT ended while it ran, and nobody knows what became of it. */
    UNKNOWN;

    /** Whether this is how a call ends. */
    public boolean isFinal() {
        return this != INPUT_REQUIRED && this != WORKING;
    }

    /** The name in events, in the API and in results for the model: lower case. */
    public String wire() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException if there is no such status */
    public static CallStatus ofWire(String wire) {
        return valueOf(wire.toUpperCase(Locale.ROOT));
    }
}
