package org.rungpt.api.model;

import java.util.List;
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
 * @param models ids of the models to offer instead of those that the server lists; empty for the server's list
 * @param contextTokens how many tokens its models take in all; null for what is known of each
 * @param prices what its models cost; null for what is known of each
 * @param takes what its models take besides text; what is unknown there is as it is known of each
 * @param protocol id of the protocol that new conversations with its models use; null for the general one
 */
public record ConnectionSettings(
        String name,
        String kind,
        String baseUrl,
        Map<String, String> headers,
        @Nullable String keyHint,
        List<String> models,
        @Nullable Integer contextTokens,
        @Nullable Prices prices,
        Inputs takes,
        @Nullable String protocol) {
    public ConnectionSettings {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(baseUrl, "baseUrl");
        headers = Map.copyOf(headers);
        models = List.copyOf(models);
        Objects.requireNonNull(takes, "takes");
    }

    /** A connection about whose models nothing is said. */
    public ConnectionSettings(
            String name, String kind, String baseUrl, Map<String, String> headers, @Nullable String keyHint) {
        this(name, kind, baseUrl, headers, keyHint, List.of(), null, null, Inputs.UNKNOWN, null);
    }
}
