package org.rungpt.api.model;

import org.jspecify.annotations.Nullable;

/**
 * What a model costs, in US dollars for a million tokens.
 *
 * @param input tokens of the request
 * @param output tokens of the answer, reasoning included
 * @param cachedInput tokens of the request that the server still had; null if they cost what others cost
 */
public record Prices(double input, double output, @Nullable Double cachedInput) {
    public Prices {
        if (!(input >= 0) || !(output >= 0) || (cachedInput != null && !(cachedInput >= 0))) {
            throw new IllegalArgumentException("a price is a number, 0 or more");
        }
    }
}
