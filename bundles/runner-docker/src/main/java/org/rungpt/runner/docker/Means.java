package org.rungpt.runner.docker;

import java.util.concurrent.Executor;

/**
 * What sandboxes work with.
 *
 * @param shares which directories of the host may be shared
 * @param secrets what is known of the secrets of calls
 * @param contributors who adds to sandboxes
 * @param sidecars further containers beside sandboxes
 * @param work threads that may block
 * @param output threads that hand output to observers
 */
record Means(
        Settings settings,
        Engine engine,
        EngineWatch watch,
        Images images,
        Containers containers,
        EgressHealth egressHealth,
        ShareRules shares,
        CallSecrets secrets,
        Contributors contributors,
        Sidecars sidecars,
        Executor work,
        Executor output) {}
