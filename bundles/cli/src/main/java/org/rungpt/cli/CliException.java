package org.rungpt.cli;

/** Something that ends the command: one line for the user, and the exit code. */
final class CliException extends Exception {
    private static final long serialVersionUID = 1;

    private final int exitCode;

    CliException(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    static CliException failed(String message) {
        return new CliException(1, message);
    }

    static CliException usage(String message) {
        return new CliException(2, message);
    }

    static CliException notRunning(String message) {
        return new CliException(3, message);
    }

    int exitCode() {
        return exitCode;
    }
}
