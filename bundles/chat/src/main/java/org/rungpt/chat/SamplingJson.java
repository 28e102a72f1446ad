package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.Sampling;

/** How a model chooses its words, as events have it. */
final class SamplingJson {
    private SamplingJson() {}

    static ObjectNode write(Sampling sampling) {
        ObjectNode node = Json.object();
        if (sampling.maxTokens() != null) {
            node.put("maxTokens", sampling.maxTokens());
        }
        put(node, "temperature", sampling.temperature());
        put(node, "topP", sampling.topP());
        put(node, "presencePenalty", sampling.presencePenalty());
        put(node, "frequencyPenalty", sampling.frequencyPenalty());
        if (sampling.seed() != null) {
            node.put("seed", sampling.seed());
        }
        if (!sampling.stop().isEmpty()) {
            sampling.stop().forEach(node.putArray("stop")::add);
        }
        if (sampling.effort() != null) {
            node.put("effort", sampling.effort());
        }
        return node;
    }

    private static void put(ObjectNode node, String field, @Nullable Double value) {
        if (value != null) {
            node.put(field, value);
        }
    }

    static Sampling read(JsonNode node) {
        if (!node.isObject()) {
            return Sampling.NONE;
        }
        JsonNode most = node.path("maxTokens");
        JsonNode seed = node.path("seed");
        return new Sampling(
                most.isNumber() ? most.asInt() : null,
                number(node, "temperature"),
                number(node, "topP"),
                number(node, "presencePenalty"),
                number(node, "frequencyPenalty"),
                seed.isNumber() ? seed.asLong() : null,
                PermissionsJson.strings(node.path("stop")),
                Json.text(node, "effort"));
    }

    private static @Nullable Double number(JsonNode node, String field) {
        JsonNode value = node.path(field);
        return value.isNumber() ? value.asDouble() : null;
    }
}
