package org.rungpt.runner.docker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a sandbox got from contributors, all of it checked.
 *
 * @param caches names of writable directories of its conversation
 * @param directories of the host, read-only
 * @param environment of its programs
 */
record Contributed(List<String> caches, List<CheckedShare> directories, Map<String, String> environment) {
    static final Contributed NOTHING = new Contributed(List.of(), List.of(), Map.of());

    /** Where caches are seen. */
    static final String CACHES = "/cache/";

    private static final String INFIX = "-cache-";

    Contributed {
        caches = List.copyOf(caches);
        directories = List.copyOf(directories);
        environment = Map.copyOf(environment);
    }

    /** Name of the volume of a cache; it belongs to a workspace as the workspace's volume does. */
    static String volume(String workspace, String cache) {
        return workspace + INFIX + cache;
    }

    /** The volume of the workspace that a volume of a cache belongs to; null if it is none. */
    static @Nullable String workspaceOf(String volume) {
        int at = volume.indexOf(INFIX);
        return at < 0 ? null : volume.substring(0, at);
    }

    /** The variables as text, for the container's label: whoever adopts it needs them again. */
    String environmentText() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        environment.forEach(root::put);
        return root.toString();
    }

    static Map<String, String> parseEnvironment(@Nullable String text) {
        Map<String, String> environment = new LinkedHashMap<>();
        try {
            JsonNode root = ServiceLink.JSON.readTree(text == null ? "{}" : text);
            root.fields()
                    .forEachRemaining(field ->
                            environment.put(field.getKey(), field.getValue().asText()));
        } catch (JsonProcessingException e) {
            return Map.of();
        }
        return environment;
    }

    Contributed and(Contributed other) {
        List<String> allCaches = new ArrayList<>(caches);
        allCaches.addAll(other.caches);
        List<CheckedShare> all = new ArrayList<>(directories);
        all.addAll(other.directories);
        Map<String, String> variables = new LinkedHashMap<>(environment);
        variables.putAll(other.environment);
        return new Contributed(allCaches, all, variables);
    }
}
