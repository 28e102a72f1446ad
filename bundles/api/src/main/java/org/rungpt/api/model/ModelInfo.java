package org.rungpt.api.model;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A model of a connection.
 *
 * @param id its id at the server, without the connection's name
 * @param title what people call it
 * @param contextTokens how many tokens it can take in all; null if unknown
 * @param images whether it takes images; null if unknown
 * @param prices what it costs; null if unknown
 * @param files whether it takes files (PDF); null if unknown
 */
public record ModelInfo(
        String id,
        String title,
        @Nullable Integer contextTokens,
        @Nullable Boolean images,
        @Nullable Prices prices,
        @Nullable Boolean files) {
    public ModelInfo {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(title, "title");
    }

    /** A model of which nobody knows whether it takes files. */
    public ModelInfo(
            String id,
            String title,
            @Nullable Integer contextTokens,
            @Nullable Boolean images,
            @Nullable Prices prices) {
        this(id, title, contextTokens, images, prices, null);
    }

    /** A model whose prices are unknown. */
    public ModelInfo(String id, String title, @Nullable Integer contextTokens, @Nullable Boolean images) {
        this(id, title, contextTokens, images, null);
    }
}
