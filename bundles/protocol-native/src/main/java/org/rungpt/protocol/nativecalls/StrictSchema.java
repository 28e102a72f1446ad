package org.rungpt.protocol.nativecalls;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.protocol.common.Json;

/**
 * The form of a schema that servers can hold a model to while it writes: every object closed and every property required, nothing but
 * types, descriptions and values. An optional argument may then be null, which means that it is left out. A schema that says more than
 * this form can is not bent: it stays as it is and is checked when the call has been made.
 */
final class StrictSchema {
    private static final Set<String> SAID =
            Set.of("type", "description", "title", "enum", "properties", "required", "additionalProperties", "items");
    /** Said in words instead, or of no use to a model. */
    private static final Set<String> WORDS = Set.of("default", "examples", "$comment", "$schema", "$id");

    private static final Set<String> PLAIN = Set.of("string", "number", "integer", "boolean");
    private static final int MAX_DEPTH = 5;
    private static final int MAX_PROPERTIES = 100;

    private StrictSchema() {}

    /** The strict form of the parameters of a task; null if they do not fit it. */
    static @Nullable ObjectNode of(JsonNode schema) {
        return schema instanceof ObjectNode object
                        && object.path("type").asText().equals("object")
                ? object(object, 0)
                : null;
    }

    private static @Nullable ObjectNode object(ObjectNode schema, int depth) {
        JsonNode more = schema.path("additionalProperties");
        JsonNode properties = schema.path("properties");
        boolean open = depth > 0
                ? !more.isBoolean() || more.asBoolean()
                : !more.isMissingNode() && (!more.isBoolean() || more.asBoolean());
        if (depth > MAX_DEPTH || open || !isSaid(schema) || properties.size() > MAX_PROPERTIES) {
            return null;
        }
        Set<String> required = new LinkedHashSet<>();
        schema.path("required").forEach(name -> required.add(name.asText()));
        ObjectNode strict = Json.MAPPER.createObjectNode().put("type", "object");
        describe(strict, schema);
        ObjectNode all = strict.putObject("properties");
        ArrayNode names = strict.putArray("required");
        for (var each : properties.properties()) {
            boolean optional = !required.contains(each.getKey());
            if (optional && depth > 0) {
                return null; // a null inside would reach the action
            }
            ObjectNode property = value(each.getValue(), optional, depth + 1);
            if (property == null) {
                return null;
            }
            all.set(each.getKey(), property);
            names.add(each.getKey());
        }
        return strict.put("additionalProperties", false);
    }

    private static @Nullable ObjectNode value(JsonNode schema, boolean optional, int depth) {
        String type = schema.path("type").asText("");
        if (!(schema instanceof ObjectNode object) || !isSaid(object)) {
            return null;
        }
        ObjectNode strict;
        if (PLAIN.contains(type)) {
            strict = Json.MAPPER.createObjectNode().put("type", type);
            describe(strict, schema);
        } else if (type.equals("array")) {
            ObjectNode items = value(schema.path("items"), false, depth + 1);
            if (items == null) {
                return null;
            }
            strict = Json.MAPPER.createObjectNode().put("type", type);
            describe(strict, schema);
            strict.set("items", items);
        } else if (type.equals("object")) {
            strict = object(object, depth);
        } else {
            return null;
        }
        if (strict != null && schema.path("enum").isArray()) {
            strict.set("enum", schema.path("enum").deepCopy());
        }
        if (strict != null && optional) {
            strict.putArray("type").add(type).add("null");
            if (strict.get("enum") instanceof ArrayNode values) {
                values.addNull();
            }
        }
        return strict;
    }

    private static void describe(ObjectNode strict, JsonNode schema) {
        String description = schema.path("description").asText("");
        if (schema.has("default")) {
            description = (description.isEmpty() ? "" : description + " ") + "Default: " + schema.path("default");
        }
        if (!description.isEmpty()) {
            strict.put("description", description);
        }
    }

    private static boolean isSaid(ObjectNode schema) {
        for (var names = schema.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!SAID.contains(name) && !WORDS.contains(name)) {
                return false;
            }
        }
        return true;
    }
}
