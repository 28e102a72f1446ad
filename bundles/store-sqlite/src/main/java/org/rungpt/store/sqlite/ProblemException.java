package org.rungpt.store.sqlite;

/** The database cannot be opened. */
final class ProblemException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient Problem problem;

    ProblemException(Problem problem) {
        super(problem.reason(), problem.cause());
        this.problem = problem;
    }

    Problem problem() {
        return problem;
    }
}
