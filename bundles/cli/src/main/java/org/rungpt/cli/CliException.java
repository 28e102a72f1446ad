package org.rungpt.cli;

/** Something that ends the command: one line for the user, and the exit code. */
final class CliException extends Exception {
    private static final long serialVersionUID = 1;

    private final int exitCode;
    private final int status;

    CliException(int exitCode, String message) {
        this(exitCode, 0, message);
    }

    private CliException(int exitCode, int status, String message) {
        super(message);
        this.exitCode = exitCode;
        this.status = status;
    }

    /** @param status that of the HTTP answer */
    static CliException refused(int status, String message) {
        return new CliException(1, status, message);
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

    /** The status of the server's answer; 0 if this was none. */
    int status() {
        return status;
    }
}
