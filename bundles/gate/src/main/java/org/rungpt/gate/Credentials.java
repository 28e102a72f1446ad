package org.rungpt.gate;

/** Who is known here. */
interface Credentials {
    /** Whether this is the API token. */
    boolean isToken(String candidate);

    /** Whether this is the cookie of a session that is under way. */
    boolean isSession(String candidate);
}
