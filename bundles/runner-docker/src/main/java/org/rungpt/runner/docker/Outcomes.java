package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.CallSpec;

/** Says how a call ended, each limit in one plain sentence. */
final class Outcomes {
    private Outcomes() {}

    /**
     * Reads the last frame of a call.
     *
     * @param limits null if they are not known: the call was started by a predecessor
     */
    static CallOutcome of(
            JsonNode finished,
            CallSpec.@Nullable Limits limits,
            Bounds bounds,
            long stdout,
            long stderr,
            String sandbox)
            throws Violation {
        Integer exit = integer(finished, "exit", 0, 255);
        Integer signal = integer(finished, "signal", 1, 128);
        JsonNode seconds = finished.path("duration");
        if (!seconds.isNumber() || !(seconds.doubleValue() >= 0) || seconds.doubleValue() > 10_000_000) {
            throw new Violation("it sent a duration that is none");
        }
        Duration duration = Duration.ofNanos((long) (seconds.doubleValue() * 1e9));
        String why =
                finished.path("reason").isTextual() ? finished.path("reason").textValue() : "";
        Reason reason;
        String message;
        switch (why) {
            case "" -> {
                String limit = isFileTooLarge(exit, signal)
                        ? "disk limit: a file grew beyond " + size(bounds.disk())
                        : hit(finished.path("limits"), bounds);
                // Who succeeds all the same is told, and has succeeded.
                reason = limit == null || exit != null && exit == 0 ? Reason.EXITED : Reason.RESOURCE_LIMIT;
                message = limit != null ? limit : signal == null ? null : "ended by signal " + signal;
            }
            case "cancelled" -> {
                reason = Reason.CANCELLED;
                message = null;
            }
            case "timeout" -> {
                reason = Reason.TIMEOUT;
                message = limits == null
                        ? "its time was up"
                        : "stopped after " + words(limits.total()) + " (limit in all)";
            }
            case "idle-timeout" -> {
                reason = Reason.TIMEOUT;
                message = limits == null
                        ? "no output for too long"
                        : "stopped after " + words(limits.idle()) + " without any output (limit)";
            }
            case "output-limit" -> {
                reason = Reason.OUTPUT_LIMIT;
                message = limits == null
                        ? "too much output"
                        : "more than " + size(limits.output()) + " of output (limit)";
            }
            case "spool-failed" -> {
                reason = Reason.RESOURCE_LIMIT;
                message = "the disk of the sandbox is full";
            }
            case "ending" -> {
                reason = Reason.SANDBOX_LOST;
                message = "the sandbox was stopped";
            }
            default -> throw new Violation("it gave a reason that is none");
        }
        if (reason == Reason.TIMEOUT) {
            String limit = hit(finished.path("limits"), bounds);
            message = limit == null ? message : message + "; " + limit;
        }
        return new CallOutcome(exit, reason, message, stdout, stderr, duration, sandbox);
    }

    private static @Nullable String hit(JsonNode limits, Bounds bounds) {
        for (JsonNode limit : limits) {
            if ("memory".equals(limit.textValue())) {
                return outOfMemory(bounds);
            }
        }
        for (JsonNode limit : limits) {
            if ("pids".equals(limit.textValue())) {
                return tooManyProcesses(bounds);
            }
        }
        return null;
    }

    /** SIGXFSZ, as a signal or as shells say it. */
    private static boolean isFileTooLarge(@Nullable Integer exit, @Nullable Integer signal) {
        return exit != null && exit == 128 + 25 || signal != null && signal == 25;
    }

    static String diskFull(long limit) {
        return "disk limit: more than " + size(limit)
                + " written to the sandbox; delete something, or raise diskMiB in etc/org.rungpt.runner.docker.cfg";
    }

    static String outOfMemory(Bounds bounds) {
        return "out of memory (limit " + size(bounds.memory()) + ")";
    }

    static String tooManyProcesses(Bounds bounds) {
        return "too many processes (limit " + bounds.pids() + ")";
    }

    private static @Nullable Integer integer(JsonNode frame, String key, int min, int max) throws Violation {
        JsonNode value = frame.path(key);
        if (value.isNull()) {
            return null;
        }
        if (!value.isInt() || value.intValue() < min || value.intValue() > max) {
            throw new Violation("it sent an end without a proper " + key);
        }
        return value.intValue();
    }

    static String size(long bytes) {
        if (bytes >= 1 << 20 && bytes % (1 << 20) == 0) {
            return (bytes >> 20) + " MiB";
        }
        return bytes >= 1024 && bytes % 1024 == 0 ? (bytes >> 10) + " KiB" : bytes + " bytes";
    }

    static String words(Duration time) {
        long seconds = time.toSeconds();
        if (seconds == 0) {
            return time.toMillis() + " ms";
        }
        return seconds % 60 == 0 && seconds >= 120 ? seconds / 60 + " min" : seconds + " s";
    }
}
