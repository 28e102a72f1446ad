package org.rungpt.api.model;

/**
 * Tokens of one answer.
 *
 * @param input tokens of the request
 * @param output tokens of the answer, reasoning included
 * @param estimated true if the server did not count them
 */
public record Usage(long input, long output, boolean estimated) {}
