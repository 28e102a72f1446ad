package org.rungpt.runner.docker;

import com.github.dockerjava.api.exception.DockerException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.status.Readiness;

/** Says in one line what is wrong with the engine, and what helps. */
final class EngineFailures {
    private EngineFailures() {}

    /** Why the engine cannot be reached. */
    static Readiness unreachable(String host, Throwable failure) {
        EngineKind kind = EngineKind.of(host);
        String socket = host.startsWith(EngineAddress.UNIX) ? host.substring(EngineAddress.UNIX.length()) : null;
        if (socket != null && !Files.exists(Path.of(socket))) {
            return Readiness.unready(
                    kind.name() + " is not running: there is no " + socket + ".",
                    kind.start()
                            + " Without Docker or Podman on this machine, install one first (Debian, Ubuntu: `apt-get install docker.io`).");
        }
        String text = chain(failure);
        if (text.contains("permission denied")) {
            return Readiness.unready(
                    "This user may not use " + kind.name() + ": no access to " + host + ".", kind.access());
        }
        if (isSilence(failure)) {
            return Readiness.unready(kind.name() + " does not answer: " + host + " keeps silent.", kind.revive());
        }
        if (has(failure, ConnectException.class) || text.contains("refused") || has(failure, IOException.class)) {
            return Readiness.unready(kind.name() + " is not running: nothing answers at " + host + ".", kind.start());
        }
        return Readiness.unready(kind.name() + " cannot be used at " + host + ": " + line(failure) + ".", kind.start());
    }

    /** Whether no answer came in time. */
    static boolean isSilence(Throwable failure) {
        String text = chain(failure);
        // A response that does not come in time is what docker-java calls cancelled.
        return has(failure, CancellationException.class)
                || has(failure, SocketTimeoutException.class)
                || text.contains("timed out")
                || text.contains("timeout");
    }

    /** Whether the failure says that nobody is there, in contrast to an answer that says no. */
    static boolean isAbsence(Throwable failure) {
        return !(failure instanceof DockerException)
                && (has(failure, IOException.class) || has(failure, CancellationException.class));
    }

    static RunnerException wrap(RunnerException.Kind kind, String what, RuntimeException failure) {
        return isAbsence(failure)
                ? new RunnerException(
                        RunnerException.Kind.UNAVAILABLE,
                        what + ": the engine does not answer (" + line(failure) + ")"
                                + (isSilence(failure) ? "; if that lasts, restart it: `rungpt doctor` tells how" : ""),
                        failure)
                : new RunnerException(kind, what + ": " + line(failure), failure);
    }

    /** The message as one line of bounded length. */
    static String line(Throwable failure) {
        String text = failure.getMessage();
        if (text == null) {
            text = failure.getClass().getSimpleName();
        }
        return oneLine(text, 400);
    }

    /** Text of foreign origin in a message: one line, no control characters, not long. */
    static String oneLine(String text, int max) {
        String clean = text.replaceAll("\\s+", " ")
                .replaceAll("\\p{Cntrl}|\\p{Cf}", "?")
                .strip();
        return clean.length() <= max ? clean : clean.substring(0, max) + "…";
    }

    private static String chain(Throwable failure) {
        StringBuilder text = new StringBuilder();
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < 10; depth++, cause = cause.getCause()) {
            text.append(cause.getMessage()).append('\n');
        }
        return text.toString().toLowerCase(Locale.ROOT);
    }

    private static boolean has(Throwable failure, Class<? extends Throwable> type) {
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < 10; depth++, cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }
}
