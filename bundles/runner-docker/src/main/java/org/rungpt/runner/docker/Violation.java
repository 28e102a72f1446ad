package org.rungpt.runner.docker;

/** What came out of a sandbox breaks the protocol; the sandbox cannot be trusted to be understood any more. */
final class Violation extends Exception {
    private static final long serialVersionUID = 1;

    Violation(String message) {
        super(message);
    }
}
