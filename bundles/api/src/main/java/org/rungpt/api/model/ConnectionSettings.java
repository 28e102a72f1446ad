package org.rungpt.api.model;

import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a connection is set.
 *
 * @param name its name
 * @param kind what kind of server it speaks to
 * @param baseUrl absolute http or https URL without query, for example {@code https://api.openai.com/v1}
 * @param headers further request headers
 * @param keyHint the key with all but its last four characters hidden, or where it comes from; null without a key. Never the key.
 */
public record ConnectionSettings(
        String name,
        String kind,
        String baseUrl,
        Map<String, String> headers,
        @Nullable String keyHint) {
    public ConnectionSettings {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(baseUrl, "baseUrl");
        headers = Map.copyOf(headers);
    }
}
