package org.rungpt.runner.docker;

import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;

/** That a conversation has a place here: from its first call until it is deleted. What began in it makes nothing anew after that. Any thread. */
final class Stay {
    private volatile boolean over;

    void end() {
        over = true;
    }

    void throwIfOver() throws RunnerException {
        if (over) {
            throw deleted();
        }
    }

    static RunnerException deleted() {
        return new RunnerException(Kind.SANDBOX, "the conversation was deleted");
    }
}
