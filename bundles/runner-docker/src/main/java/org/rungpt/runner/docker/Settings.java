package org.rungpt.runner.docker;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checked settings.
 *
 * @param data RunGPT's data directory
 * @param engine where the engine is to be found
 * @param baseImage reference of the base image; null to take the newest local one
 * @param memory bytes
 * @param cpus cores
 * @param disk bytes that a sandbox may write to its file system and its workspace
 * @param diskReserve bytes of the engine's file system that sandboxes leave free; 0 for none, negative for as many as fit it
 * @param maxMemory bytes of all sandboxes together; 0 for three quarters of what the engine has
 * @param most what an action gets at most, whatever it asks for
 * @param runtime of the engine, for example runsc; null for its default
 * @param journal bytes that the journals of all workspaces keep together
 */
record Settings(
        Path data,
        EngineAddress engine,
        @Nullable String baseImage,
        long memory,
        double cpus,
        int pids,
        int pool,
        Duration idle,
        Duration lease,
        int maxSandboxes,
        long disk,
        long diskReserve,
        long maxMemory,
        Bounds most,
        @Nullable String runtime,
        EgressSettings egress,
        long journal) {

    private static final Logger LOG = LoggerFactory.getLogger(Settings.class);

    private static final long DISK_MIB = 1024;
    private static final long ACTION_MIB = 4096;
    private static final double ACTION_CPUS = 4;
    private static final int ACTION_PIDS = 1024;
    private static final long ACTION_DISK_MIB = 8192;
    private static final long JOURNAL_MIB = 4096;
    static final Bounds MOST = new Bounds(ACTION_MIB << 20, ACTION_CPUS, ACTION_PIDS, ACTION_DISK_MIB << 20);

    /** With what is not asked for at its default. */
    Settings(
            Path data,
            String dockerHost,
            @Nullable String baseImage,
            long memory,
            double cpus,
            int pids,
            int pool,
            Duration idle,
            Duration lease,
            int maxSandboxes) {
        this(
                data,
                EngineAddress.of(dockerHost),
                baseImage,
                memory,
                cpus,
                pids,
                pool,
                idle,
                lease,
                maxSandboxes,
                DISK_MIB << 20,
                DiskReserve.FITTING,
                0,
                MOST,
                null,
                EgressSettings.DEFAULT,
                JOURNAL_MIB << 20);
    }

    /** What is wrong is told in the log, one line for each key, and its default stands. */
    static Settings of(Config config, Path data, @Nullable String baseImageProperty, Map<String, String> environment) {
        String host = firstNonBlank(config.dockerHost(), environment.get("DOCKER_HOST"));
        return new Settings(
                data,
                host == null
                        ? EngineAddress.search(environment, Path.of(System.getProperty("user.home", "/")), Path.of("/"))
                        : EngineAddress.of(host),
                firstNonBlank(config.baseImage(), baseImageProperty),
                range("memoryMiB", config.memoryMiB(), 64, 1 << 20, 512) << 20,
                range("cpus", config.cpus(), 0.1, 256.0, 2.0),
                (int) range("pids", config.pids(), 16, 1024, 160),
                (int) range("pool", config.pool(), 0, 16, 1),
                Duration.ofMinutes(range("idleMinutes", config.idleMinutes(), 1, 1440, 60)),
                Duration.ofSeconds(range("leaseSeconds", config.leaseSeconds(), 30, 86_400, 300)),
                (int) range("maxSandboxes", config.maxSandboxes(), 1, 1000, 40),
                range("diskMiB", config.diskMiB(), 16, 1 << 20, DISK_MIB) << 20,
                range("diskReserveMiB", config.diskReserveMiB(), -1, 1 << 24, -1) << 20,
                range("maxMemoryMiB", config.maxMemoryMiB(), 0, 1 << 24, 0) << 20,
                new Bounds(
                        range("actionMemoryMiB", config.actionMemoryMiB(), 64, 1 << 20, ACTION_MIB) << 20,
                        range("actionCpus", config.actionCpus(), 0.1, 256.0, ACTION_CPUS),
                        (int) range("actionPids", config.actionPids(), 16, 1024, ACTION_PIDS),
                        range("actionDiskMiB", config.actionDiskMiB(), 16, 1 << 20, ACTION_DISK_MIB) << 20),
                firstNonBlank(config.runtime(), null),
                EgressSettings.of(config, environment),
                range("journalMiB", config.journalMiB(), 16, 1 << 24, JOURNAL_MIB) << 20);
    }

    private static @Nullable String firstNonBlank(@Nullable String first, @Nullable String second) {
        if (first != null && !first.isBlank()) {
            return first.strip();
        }
        return second == null || second.isBlank() ? null : second.strip();
    }

    static long range(String key, long value, long min, long max, long otherwise) {
        if (value >= min && value <= max) {
            return value;
        }
        LOG.error("org.rungpt.runner.docker: {}={} is outside {} to {}; {} is used", key, value, min, max, otherwise);
        return otherwise;
    }

    private static double range(String key, double value, double min, double max, double otherwise) {
        if (value >= min && value <= max) {
            return value;
        }
        LOG.error("org.rungpt.runner.docker: {}={} is outside {} to {}; {} is used", key, value, min, max, otherwise);
        return otherwise;
    }
}
