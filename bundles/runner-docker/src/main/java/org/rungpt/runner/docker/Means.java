package org.rungpt.runner.docker;

import java.util.concurrent.Executor;

/**
 * What sandboxes work with.
 *
 * @param work threads that may block
 * @param output threads that hand output to observers
 */
record Means(Settings settings, Engine engine, EngineWatch watch, Images images, Executor work, Executor output) {}
