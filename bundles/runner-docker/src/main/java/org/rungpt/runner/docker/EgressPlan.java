package org.rungpt.runner.docker;

/**
 * What the container of a sandbox's proxy is to be; {@link SandboxFactory} makes it so.
 *
 * @param sandbox whose it is
 * @param image id of its image, the base image
 */
record EgressPlan(String sandbox, String image) {}
