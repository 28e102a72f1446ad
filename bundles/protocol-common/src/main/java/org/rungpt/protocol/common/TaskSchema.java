package org.rungpt.protocol.common;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.Task;

/** What the JSON Schema of a task's parameters says about names, types and what is required. */
public final class TaskSchema {
    private static final int MAX_DEPTH = 8;

    private final JsonNode root;
    private final Map<String, JsonNode> properties = new LinkedHashMap<>();
    private final Set<String> required = new LinkedHashSet<>();

    private TaskSchema(JsonNode root) {
        this.root = root;
        root.path("properties").properties().forEach(each -> properties.put(each.getKey(), each.getValue()));
        root.path("required").forEach(each -> required.add(each.asText()));
    }

    public static TaskSchema of(Task task) {
        try {
            return new TaskSchema(Json.MAPPER.readTree(task.parameters()));
        } catch (JsonProcessingException e) {
            // The registry has checked it; a task without a readable schema takes a JSON object as it is.
            return new TaskSchema(MissingNode.getInstance());
        }
    }

    public Set<String> names() {
        return properties.keySet();
    }

    public Set<String> required() {
        return required;
    }

    /** The types that the argument may have, as JSON Schema names them; empty if anything goes. */
    public Set<String> types(String name) {
        Set<String> types = new LinkedHashSet<>();
        collectTypes(properties.getOrDefault(name, MissingNode.getInstance()), types, 0);
        return types;
    }

    private void collectTypes(JsonNode schema, Set<String> types, int depth) {
        if (depth > MAX_DEPTH) {
            return;
        }
        if (schema.path("type").isTextual()) {
            types.add(schema.path("type").asText());
        } else if (schema.path("type").isArray()) {
            schema.path("type").forEach(each -> types.add(each.asText()));
        } else if (schema.has("const")) {
            types.add(typeOf(schema.path("const")));
        } else if (schema.path("enum").isArray()) {
            schema.path("enum").forEach(each -> types.add(typeOf(each)));
        } else if (schema.path("$ref").asText("").startsWith("#/")) {
            collectTypes(root.at(schema.path("$ref").asText().substring(1)), types, depth + 1);
        } else {
            for (String union : List.of("anyOf", "oneOf", "allOf")) {
                schema.path(union).forEach(each -> collectTypes(each, types, depth + 1));
            }
        }
    }

    public static String typeOf(JsonNode value) {
        return switch (value.getNodeType()) {
            case STRING -> "string";
            case BOOLEAN -> "boolean";
            case NUMBER -> value.isIntegralNumber() ? "integer" : "number";
            case ARRAY -> "array";
            case OBJECT, POJO -> "object";
            default -> "null";
        };
    }

    /** Whether a value is of one of the types. */
    public static boolean fits(JsonNode value, Set<String> types) {
        String type = typeOf(value);
        return types.isEmpty()
                || types.contains(type)
                || (type.equals("integer") && types.contains("number"))
                || (type.equals("number")
                        && types.contains("integer")
                        && value.decimalValue().stripTrailingZeros().scale() <= 0);
    }

    /** One line for each parameter: name, type, whether required, values, default, description. */
    public List<String> describe() {
        List<String> lines = new ArrayList<>();
        properties.forEach((name, schema) -> lines.add(describe(name, schema)));
        return lines;
    }

    private String describe(String name, JsonNode schema) {
        var line = new StringBuilder(name).append(" (");
        Set<String> types = types(name);
        line.append(types.isEmpty() ? "any" : String.join(" or ", types));
        JsonNode items = schema.path("items");
        if (types.contains("array") && items.path("type").isTextual()) {
            line.append(" of ").append(items.path("type").asText());
        }
        if (required.contains(name)) {
            line.append(", required");
        }
        if (schema.has("default")) {
            line.append(", default ")
                    .append(Words.oneLine(schema.path("default").toString(), 100));
        }
        note(line, schema, "minimum", "at least ");
        note(line, schema, "maximum", "at most ");
        note(line, schema, "pattern", "matches ");
        line.append(')');
        String description = Words.oneLine(schema.path("description").asText(""), 600);
        if (!description.isEmpty()) {
            line.append(": ").append(description);
        }
        String values = values(schema);
        if (values != null) {
            line.append(description.isEmpty() ? ": one of " : " One of ")
                    .append(values)
                    .append('.');
        }
        return line.toString();
    }

    private static void note(StringBuilder line, JsonNode schema, String key, String words) {
        if (schema.path(key).isValueNode()) {
            line.append(", ")
                    .append(words)
                    .append(Words.oneLine(schema.path(key).asText(), 100));
        }
    }

    private static @Nullable String values(JsonNode schema) {
        JsonNode values = schema.path("enum");
        if (!values.isArray() || values.isEmpty()) {
            return null;
        }
        List<String> all = new ArrayList<>();
        values.forEach(each -> all.add(each.toString()));
        return Words.oneLine(String.join(", ", all), 600);
    }
}
