package org.rungpt.api.model;

/**
 * Tokens of one answer.
 *
 * @param input tokens of the request
 * @param output tokens of the answer, reasoning included
 * @param estimated true if the server did not count them
 * @param cachedInput tokens of the request that the server still had; part of {@code input}
 */
public record Usage(long input, long output, boolean estimated, long cachedInput) {
    /** Of which nothing is known to have been cached. */
    public Usage(long input, long output, boolean estimated) {
        this(input, output, estimated, 0);
    }
}
