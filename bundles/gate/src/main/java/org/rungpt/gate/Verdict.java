package org.rungpt.gate;

import org.jspecify.annotations.Nullable;

/** What becomes of a request. */
sealed interface Verdict {
    /** It goes on. */
    Verdict PASS = new Pass();

    /** A person without a session: to the login page. */
    Verdict LOG_IN = new LogIn();

    /** It goes on. */
    record Pass() implements Verdict {}

    /** It is redirected to the login page. */
    record LogIn() implements Verdict {}

    /**
     * It is refused.
     *
     * @param status of the answer
     * @param code for programs
     * @param message what is wrong, in one sentence that repeats nothing of the request
     * @param remedy what helps
     */
    record Refused(
            int status,
            String code,
            String message,
            @Nullable String remedy) implements Verdict {}
}
