package org.rungpt.api.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a model chooses its words. What is null is left to the model's server.
 *
 * @param maxTokens upper bound of one answer
 * @param temperature 0 to 2
 * @param topP 0 to 1
 * @param presencePenalty -2 to 2
 * @param frequencyPenalty -2 to 2
 * @param seed for answers that can be had again, where the server can do that
 * @param stop texts at which an answer ends; empty for none
 * @param effort how much it thinks first, in the server's own word
 */
public record Sampling(
        @Nullable Integer maxTokens,
        @Nullable Double temperature,
        @Nullable Double topP,
        @Nullable Double presencePenalty,
        @Nullable Double frequencyPenalty,
        @Nullable Long seed,
        List<String> stop,
        @Nullable String effort) {
    /** Everything as the server has it. */
    public static final Sampling NONE = new Sampling(null, null, null, null, null, null, List.of(), null);

    public Sampling {
        stop = List.copyOf(stop);
    }

    /** Only a bound of the answer. */
    public static Sampling atMost(int maxTokens) {
        return new Sampling(maxTokens, null, null, null, null, null, List.of(), null);
    }
}
