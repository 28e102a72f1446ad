package org.rungpt.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;

/** Manifests of the first RunGPT ({@code "schema_version": "0.0.0"}): an action of one task without parameters. */
final class OriginalManifest {
    private static final Set<String> KEYS = Set.of(
            "schema_version",
            "name_for_human",
            "name_for_model",
            "description_for_human",
            "description_for_model",
            "logo_url");

    private OriginalManifest() {}

    static boolean is(ObjectNode manifest) {
        return !manifest.has("schema") && (manifest.has("schema_version") || manifest.has("name_for_model"));
    }

    /** The same as a manifest of today. What is wrong is named by the keys of the original. */
    static ObjectNode convert(ObjectNode original, Problems problems) {
        original.fieldNames().forEachRemaining(name -> {
            if (!KEYS.contains(name)) {
                problems.key(
                        name,
                        name.equals("docker_image")
                                ? "is not supported: write a manifest with \"schema\": 1 and its \"image\""
                                : "unknown key of a 0.0.0 manifest");
            }
        });
        if (!original.path("schema_version").asText().equals("0.0.0")) {
            problems.key("schema_version", "must be \"0.0.0\"; newer manifests have \"schema\": 1 instead");
        }
        String name = text(original, "name_for_model", problems);
        if (!name.isEmpty() && !name.matches("[a-z][a-z0-9_]{0,30}")) {
            problems.key("name_for_model", "must be a small letter, then at most 30 small letters, digits or _");
        }
        ObjectNode manifest = StrictJson.MAPPER.createObjectNode();
        manifest.put("schema", 1);
        manifest.put("name", name);
        manifest.put("title", text(original, "name_for_human", problems));
        manifest.put("version", "0.0.0");
        manifest.put("description", text(original, "description_for_human", problems));
        ObjectNode task = manifest.putArray("tasks").addObject();
        task.put("name", "run");
        task.put("description", text(original, "description_for_model", problems));
        ObjectNode parameters = task.putObject("parameters");
        parameters.put("type", "object");
        parameters.putObject("properties");
        parameters.put("additionalProperties", false);
        return manifest;
    }

    private static String text(ObjectNode original, String name, Problems problems) {
        JsonNode value = original.path(name);
        if (!value.isTextual() || value.asText().isBlank()) {
            problems.key(name, value.isMissingNode() ? "is missing" : "must be a text");
            return "";
        }
        return value.asText();
    }
}
