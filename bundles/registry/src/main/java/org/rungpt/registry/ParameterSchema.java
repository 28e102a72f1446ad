package org.rungpt.registry;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** Checks that the parameters of a task are a schema that can be shown to a model and used to check what it writes. */
final class ParameterSchema {
    private static final int MOST_STEPS = 1000;
    private static final Set<String> MAPS_OF_SCHEMAS =
            Set.of("properties", "patternProperties", "$defs", "definitions", "dependentSchemas");
    private static final Set<String> LISTS_OF_SCHEMAS = Set.of("allOf", "anyOf", "oneOf", "prefixItems");
    private static final Set<String> SCHEMAS = Set.of(
            "items",
            "contains",
            "additionalProperties",
            "unevaluatedItems",
            "unevaluatedProperties",
            "propertyNames",
            "not",
            "if",
            "then",
            "else");
    /** Applied to the same value as the schema they stand in: a circle of them never ends. */
    private static final Set<String> IN_PLACE_MANY = Set.of("allOf", "anyOf", "oneOf", "dependentSchemas");

    private static final Set<String> IN_PLACE_ONE = Set.of("not", "if", "then", "else");

    private static final Set<String> REFUSED = Set.of(
            "$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef", "$vocabulary");

    private final JsonNode root;
    private final String key;
    private final Problems problems;
    private final Map<JsonNode, String> found = new IdentityHashMap<>();
    private final Map<String, String> references = new LinkedHashMap<>();
    private final Map<JsonNode, Integer> steps = new IdentityHashMap<>();

    private ParameterSchema(JsonNode root, String key, Problems problems) {
        this.root = root;
        this.key = key;
        this.problems = problems;
    }

    /** Checks it and gives what checks arguments; null if anything is wrong. */
    static @Nullable Schema check(Schemas schemas, JsonNode root, String key, Problems all) {
        var problems = new Problems();
        new ParameterSchema(root, key, problems).check(schemas);
        problems.copyTo(all);
        if (!problems.isEmpty()) {
            return null;
        }
        try {
            return schemas.compile(root);
        } catch (SchemaException | PatternSyntaxException e) {
            all.key(key, "is no JSON Schema: " + Problems.printable(String.valueOf(e.getMessage()), 160));
            return null;
        }
    }

    private void check(Schemas schemas) {
        schemas.checkIsSchema(root, key, problems);
        if (problems.isEmpty()) {
            walk(root, key);
            references.forEach(this::checkReference);
        }
        if (problems.isEmpty()
                && found.keySet().stream().anyMatch(schema -> steps(schema, new ArrayList<>()) > MOST_STEPS)) {
            problems.key(
                    key,
                    "is too expensive to check, or refers to itself without end: use fewer nested $ref, allOf, anyOf");
        }
    }

    private void walk(JsonNode schema, String at) {
        found.put(schema, at);
        schema.fields().forEachRemaining(member -> {
            String name = member.getKey();
            JsonNode value = member.getValue();
            String here = Keys.member(at, name);
            if (REFUSED.contains(name)) {
                problems.key(here, "is not supported: use $defs and $ref");
            } else if (name.equals("$ref")) {
                references.put(here, value.asText());
            } else if (name.equals("pattern")) {
                checkPattern(value.asText(), here);
            } else if (MAPS_OF_SCHEMAS.contains(name)) {
                value.fields().forEachRemaining(inner -> {
                    if (name.equals("patternProperties")) {
                        checkPattern(inner.getKey(), here);
                    }
                    walk(inner.getValue(), Keys.member(here, inner.getKey()));
                });
            } else if (LISTS_OF_SCHEMAS.contains(name)) {
                for (int i = 0; i < value.size(); i++) {
                    walk(value.get(i), Keys.item(here, i));
                }
            } else if (SCHEMAS.contains(name)) {
                walk(value, here);
            }
        });
    }

    private void checkReference(String at, String reference) {
        if (!reference.startsWith("#")) {
            problems.key(at, "refers to something outside: only references that begin with # are followed");
        } else if (target(reference) == null) {
            problems.key(at, "refers to no schema: " + Problems.quote(reference));
        }
    }

    private void checkPattern(String pattern, String at) {
        try {
            Pattern.compile(pattern);
        } catch (PatternSyntaxException e) {
            problems.key(at, "no regular expression: " + Problems.quote(pattern));
        }
    }

    private @Nullable JsonNode target(String reference) {
        try {
            JsonNode target = root.at(JsonPointer.compile(reference.substring(1)));
            return found.containsKey(target) ? target : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** How many schemas one value meets at this one, counted along every way; a circle counts as too many. */
    private int steps(JsonNode schema, List<JsonNode> path) {
        Integer known = steps.get(schema);
        if (known != null) {
            return known;
        }
        for (JsonNode above : path) {
            if (above == schema) {
                return MOST_STEPS + 1;
            }
        }
        path.add(schema);
        long sum = 1;
        for (JsonNode inner : inPlace(schema)) {
            sum += steps(inner, path);
        }
        path.remove(path.size() - 1);
        int all = (int) Math.min(sum, MOST_STEPS + 1);
        steps.put(schema, all);
        return all;
    }

    private List<JsonNode> inPlace(JsonNode schema) {
        List<JsonNode> targets = new ArrayList<>();
        schema.fields().forEachRemaining(member -> {
            if (member.getKey().equals("$ref")) {
                JsonNode target = target(member.getValue().asText());
                if (target != null) {
                    targets.add(target);
                }
            } else if (IN_PLACE_MANY.contains(member.getKey())) {
                member.getValue().forEach(targets::add);
            } else if (IN_PLACE_ONE.contains(member.getKey())) {
                targets.add(member.getValue());
            }
        });
        return targets;
    }
}
