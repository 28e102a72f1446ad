package org.rungpt.api.model;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A model of a connection.
 *
 * @param id its id at the server, without the connection's name
 * @param title what people call it
 * @param contextTokens how many tokens it can take in all; null if unknown
 * @param takes what it takes besides text
 * @param prices what it costs; null if unknown
 */
public record ModelInfo(
        String id,
        String title,
        @Nullable Integer contextTokens,
        Inputs takes,
        @Nullable Prices prices) {
    public ModelInfo {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(title, "title");
        Objects.requireNonNull(takes, "takes");
    }

    /** A model of which nobody knows more than whether it takes images. */
    public ModelInfo(
            String id,
            String title,
            @Nullable Integer contextTokens,
            @Nullable Boolean images,
            @Nullable Prices prices) {
        this(id, title, contextTokens, Inputs.images(images), prices);
    }

    /** A model whose prices are unknown. */
    public ModelInfo(String id, String title, @Nullable Integer contextTokens, @Nullable Boolean images) {
        this(id, title, contextTokens, images, null);
    }
}
