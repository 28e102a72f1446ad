package org.rungpt.api.model;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A model of a connection.
 *
 * @param id its id at the server, without the connection's name
 * @param title what people call it
 * @param contextTokens how many tokens it can take in all; null if unknown
 * @param images whether it takes images
 */
public record ModelInfo(String id, String title, @Nullable Integer contextTokens, boolean images) {
    public ModelInfo {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(title, "title");
    }
}
