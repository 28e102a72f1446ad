package org.rungpt.protocol.nativecalls;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import org.rungpt.protocol.common.Json;

/**
 * A tool call as it stands in the neutral history.
 *
 * @param name the tool's name as the model wrote it
 * @param arguments as the model wrote them; perhaps no JSON
 */
record Written(String ref, String name, String arguments) {
    String raw() {
        return Json.write(Json.MAPPER
                .createObjectNode()
                .put("tool_call", ref)
                .put("name", name)
                .put("arguments", arguments));
    }

    /** What {@link #raw()} wrote; null if it is of another protocol. */
    static @Nullable Written read(String raw) {
        if (!raw.startsWith("{\"tool_call\":")) {
            return null;
        }
        try {
            JsonNode node = Json.MAPPER.readTree(raw);
            return new Written(
                    node.path("tool_call").asText(),
                    node.path("name").asText(),
                    node.path("arguments").asText());
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    /** The arguments as a JSON object; an empty one if they are none, because servers read what they are sent. */
    String readableArguments() {
        return object(arguments) == null ? "{}" : arguments;
    }

    static @Nullable ObjectNode object(String text) {
        try {
            return Json.MAPPER.readTree(text) instanceof ObjectNode object ? object : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }
}
