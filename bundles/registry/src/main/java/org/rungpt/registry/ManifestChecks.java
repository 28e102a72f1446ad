package org.rungpt.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.Schema;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** What a schema cannot say: names that must be unique, parameters that must be a schema, examples that must fit it. */
final class ManifestChecks {
    private ManifestChecks() {}

    /** @param manifest has passed the manifest schema */
    static void check(JsonNode manifest, Path directory, Schemas schemas, Problems problems) {
        JsonNode tasks = manifest.path("tasks");
        for (int i = 0; i < tasks.size(); i++) {
            String key = Keys.item("tasks", i);
            JsonNode task = tasks.get(i);
            String parametersKey = Keys.member(key, "parameters");
            Schema parameters = ParameterSchema.check(schemas, task.path("parameters"), parametersKey, problems);
            if (task.path("idleTimeout").asLong() > ManifestMapper.timeout(task).toSeconds()) {
                problems.key(
                        Keys.member(key, "idleTimeout"),
                        "is more than the " + ManifestMapper.timeout(task).toSeconds()
                                + " seconds that a call may take in all: raise timeout, or leave it out");
            }
            JsonNode examples = task.path("examples");
            for (int n = 0; parameters != null && n < examples.size(); n++) {
                Schemas.validate(parameters, examples.get(n), Keys.item(Keys.member(key, "examples"), n), problems);
            }
        }
        unique(tasks, "tasks", "name", problems);
        unique(manifest.path("secrets"), "secrets", "name", problems);
        unique(manifest.path("secrets"), "secrets", "env", problems);
        unique(manifest.path("shares"), "shares", "name", problems);
        unique(manifest.path("sidecars"), "sidecars", "name", problems);
        if (manifest.has("config")) {
            ParameterSchema.check(schemas, manifest.path("config"), "config", problems);
        }
        if (manifest.path("image").asText().equals("Dockerfile")
                && !Files.isRegularFile(directory.resolve("Dockerfile"), LinkOption.NOFOLLOW_LINKS)) {
            problems.key("image", "is Dockerfile, but there is no such file beside the manifest");
        }
    }

    private static void unique(JsonNode list, String listKey, String member, Problems problems) {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < list.size(); i++) {
            String value = list.get(i).path(member).asText();
            if (!seen.add(value)) {
                problems.key(
                        Keys.member(Keys.item(listKey, i), member),
                        Problems.quote(value) + " is used twice: names are unique");
            }
        }
    }
}
