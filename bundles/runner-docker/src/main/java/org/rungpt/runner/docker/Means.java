package org.rungpt.runner.docker;

import java.util.concurrent.Executor;

/**
 * What sandboxes work with.
 *
 * @param work threads that may block
 * @param output threads that hand output to observers
 */
record Means(
        Settings settings,
        Engine engine,
        EngineWatch watch,
        SandboxFactory factory,
        Images images,
        Outcomes outcomes,
        Executor work,
        Executor output) {}
