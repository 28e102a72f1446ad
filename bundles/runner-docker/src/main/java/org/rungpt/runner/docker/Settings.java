package org.rungpt.runner.docker;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checked settings.
 *
 * @param data RunGPT's data directory
 * @param dockerHost address of the engine
 * @param baseImage reference of the base image; null to take the newest local one
 * @param memory bytes
 * @param cpus cores
 */
record Settings(
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

    private static final Logger LOG = LoggerFactory.getLogger(Settings.class);

    static final String DEFAULT_HOST = "unix:///var/run/docker.sock";

    /** What is wrong is told in the log, one line for each key, and its default stands. */
    static Settings of(Config config, Path data, @Nullable String baseImageProperty, @Nullable String hostVariable) {
        String host = firstNonBlank(config.dockerHost(), hostVariable);
        return new Settings(
                data,
                host == null ? DEFAULT_HOST : host,
                firstNonBlank(config.baseImage(), baseImageProperty),
                range("memoryMiB", config.memoryMiB(), 64, 1 << 20, 512) << 20,
                range("cpus", config.cpus(), 0.1, 256.0, 2.0),
                (int) range("pids", config.pids(), 16, 1024, 256),
                (int) range("pool", config.pool(), 0, 16, 1),
                Duration.ofMinutes(range("idleMinutes", config.idleMinutes(), 1, 1440, 60)),
                Duration.ofSeconds(range("leaseSeconds", config.leaseSeconds(), 30, 86_400, 300)),
                (int) range("maxSandboxes", config.maxSandboxes(), 1, 1000, 40));
    }

    private static @Nullable String firstNonBlank(@Nullable String first, @Nullable String second) {
        if (first != null && !first.isBlank()) {
            return first.strip();
        }
        return second == null || second.isBlank() ? null : second.strip();
    }

    private static long range(String key, long value, long min, long max, long otherwise) {
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
