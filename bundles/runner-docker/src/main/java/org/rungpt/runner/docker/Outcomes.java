package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.CallSpec;

/** Says how a call ended, each limit in one plain sentence. */
final class Outcomes {
    private static final String IN_SETTINGS = " in etc/org.rungpt.runner.docker.cfg";
    private static final double DAY = 86_400;

    private Outcomes() {}

    /**
     * Reads the last frame of a call.
     *
     * @param known null if the call was started by a predecessor: then its sandbox tells of its limits
     * @param thirdParty whether the sandbox is one whose places are small and in memory
     */
    static CallOutcome of(
            JsonNode finished,
            CallSpec.@Nullable Limits known,
            Bounds bounds,
            boolean thirdParty,
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
        CallSpec.Limits limits = known == null ? told(finished) : known;
        String why =
                finished.path("reason").isTextual() ? finished.path("reason").textValue() : "";
        Reason reason;
        String message;
        switch (why) {
            case "" -> {
                String limit = isFileTooLarge(exit, signal)
                        ? "disk limit: a file grew beyond " + size(bounds.disk()) + "; write less, or raise diskMiB"
                                + IN_SETTINGS
                        : hit(finished.path("limits"), bounds);
                // Who succeeds all the same is told, and has succeeded.
                reason = limit == null || exit != null && exit == 0 ? Reason.EXITED : Reason.RESOURCE_LIMIT;
                String said = limit != null ? limit : said(finished.path("limits"), thirdParty);
                message = said != null ? said : signal == null ? null : "ended by signal " + signal;
            }
            case "cancelled" -> {
                reason = Reason.CANCELLED;
                message = null;
            }
            case "timeout" -> {
                reason = Reason.TIMEOUT;
                message = "stopped after " + words(limits.total()) + " (limit in all); do less in one call";
            }
            case "idle-timeout" -> {
                reason = Reason.TIMEOUT;
                message = "stopped after " + words(limits.idle())
                        + " without any output (limit); print how it goes, or do less in one call";
            }
            case "output-limit" -> {
                reason = Reason.OUTPUT_LIMIT;
                message = "more than " + size(limits.output()) + " of output (limit); print less, or into a file";
            }
            case "spool-failed" -> {
                reason = Reason.RESOURCE_LIMIT;
                message = "its output could not be kept: " + noSpace(thirdParty);
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

    /** What the sandbox says the call was started with; within what is possible, because it may say anything. */
    private static CallSpec.Limits told(JsonNode finished) {
        return new CallSpec.Limits(
                Duration.ofMillis((long) (1000 * within(finished.path("timeout").asDouble(DAY), DAY))),
                Duration.ofMillis(
                        (long) (1000 * within(finished.path("idleTimeout").asDouble(DAY), DAY))),
                (long) within(finished.path("outputLimit").asDouble(0), 1L << 30));
    }

    private static double within(double value, double most) {
        return value >= 0 && value <= most ? value : most;
    }

    /** Of what only the program was told, and says so. */
    private static @Nullable String said(JsonNode limits, boolean thirdParty) {
        for (JsonNode limit : limits) {
            if ("files".equals(limit.textValue())) {
                return "too many open files (limit " + SandboxFactory.OPEN_FILES
                        + " in a process); open fewer at a time, or close what is done";
            }
        }
        for (JsonNode limit : limits) {
            if ("space".equals(limit.textValue())) {
                return noSpace(thirdParty);
            }
        }
        return null;
    }

    private static String noSpace(boolean thirdParty) {
        return thirdParty
                ? "disk limit: no space left where it wrote (" + Mounts.PLACES + "); write less, or delete something"
                : "the engine's disk is full; delete something in the sandbox, or free space on this machine";
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
        return "disk limit: more than " + size(limit) + " written to the sandbox; delete something, or raise diskMiB"
                + IN_SETTINGS;
    }

    /** Of files that hold little. */
    static String tooManyFiles(long limit) {
        return "disk limit: too many files in the sandbox (each counts for 4 KiB at least, limit " + size(limit)
                + "); delete some, or raise diskMiB" + IN_SETTINGS;
    }

    static String engineNearlyFull(long left) {
        return "the disk of the engine is nearly full (" + (left >> 20) + " MiB left); delete something in the sandbox,"
                + " free space on this machine, or lower diskReserveMiB" + IN_SETTINGS;
    }

    static String engineHasFewFiles(long left) {
        return "the disk of the engine is nearly full (room for " + left + " files left); delete files in the sandbox,"
                + " or on this machine";
    }

    static String outOfMemory(Bounds bounds) {
        return "out of memory (limit " + size(bounds.memory()) + "); use less at a time, or raise memoryMiB"
                + IN_SETTINGS;
    }

    static String tooManyProcesses(Bounds bounds) {
        return "too many processes (limit " + bounds.pids() + "); run fewer at a time, or raise pids" + IN_SETTINGS;
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
