package org.rungpt.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.Task;

/** From a checked manifest's JSON to {@link Manifest}, with the defaults of what it leaves out. */
final class ManifestMapper {
    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    private ManifestMapper() {}

    static Manifest map(JsonNode json) throws JsonProcessingException {
        String name = json.path("name").asText();
        List<Task> tasks = new ArrayList<>();
        for (JsonNode task : json.path("tasks")) {
            tasks.add(task(task));
        }
        JsonNode packages = json.path("packages");
        JsonNode resources = json.path("resources");
        return new Manifest(
                name,
                json.path("title").asText(name),
                json.path("version").asText(""),
                json.path("description").asText(""),
                text(json.path("constraints")),
                tasks,
                new Manifest.Packages(
                        texts(packages.path("apt")), texts(packages.path("pip")), texts(packages.path("npm"))),
                json.path("image").asText("base"),
                json.path("workspace").asBoolean(false),
                texts(json.path("network")),
                list(json.path("secrets"), ManifestMapper::secret),
                list(json.path("shares"), ManifestMapper::share),
                new Manifest.Resources(
                        resources.has("cpus") ? (Double) resources.path("cpus").asDouble() : null,
                        bytes(resources.path("memory")),
                        resources.has("pids") ? (Integer) resources.path("pids").asInt() : null,
                        bytes(resources.path("disk"))),
                list(json.path("sidecars"), ManifestMapper::sidecar),
                StrictJson.MAPPER.writeValueAsString(json));
    }

    private static Task task(JsonNode task) throws JsonProcessingException {
        List<String> examples = new ArrayList<>();
        for (JsonNode example : task.path("examples")) {
            examples.add(StrictJson.MAPPER.writeValueAsString(example));
        }
        return new Task(
                task.path("name").asText(),
                task.path("description").asText(),
                StrictJson.MAPPER.writeValueAsString(task.path("parameters")),
                examples,
                Effects.valueOf(task.path("effects").asText("write").toUpperCase(Locale.ROOT)),
                task.path("idempotent").asBoolean(false),
                task.path("background").asBoolean(false),
                timeout(task),
                seconds(task.path("idleTimeout"), Task.IDLE),
                Task.Output.valueOf(task.path("output").asText("text").toUpperCase(Locale.ROOT)));
    }

    static Duration timeout(JsonNode task) {
        return seconds(task.path("timeout"), TIMEOUT);
    }

    private static Duration seconds(JsonNode value, Duration otherwise) {
        return value.isMissingNode() ? otherwise : Duration.ofSeconds(value.asLong());
    }

    private static Manifest.Secret secret(JsonNode secret) {
        return new Manifest.Secret(
                secret.path("name").asText(),
                secret.path("env").asText(),
                texts(secret.path("hosts")),
                text(secret.path("help")));
    }

    private static Manifest.Share share(JsonNode share) {
        return new Manifest.Share(
                share.path("name").asText(), share.path("mode").asText().equals("rw"), text(share.path("why")));
    }

    private static Manifest.Sidecar sidecar(JsonNode sidecar) {
        return new Manifest.Sidecar(
                sidecar.path("name").asText(),
                sidecar.path("image").asText(),
                sidecar.path("port").asInt(),
                text(sidecar.path("health")),
                sidecar.path("scope").asText("conversation"));
    }

    private static @Nullable String text(JsonNode value) {
        return value.isTextual() ? value.asText() : null;
    }

    private static List<String> texts(JsonNode array) {
        return list(array, JsonNode::asText);
    }

    private static <T> List<T> list(JsonNode array, Function<JsonNode, T> read) {
        List<T> all = new ArrayList<>();
        array.forEach(item -> all.add(read.apply(item)));
        return all;
    }

    /** A number of bytes, or one with a unit: 512m, 2g. */
    private static @Nullable Long bytes(JsonNode value) {
        if (value.isMissingNode()) {
            return null;
        }
        if (value.isNumber()) {
            return value.asLong();
        }
        String text = value.asText().toLowerCase(Locale.ROOT);
        int unit = "kmg".indexOf(text.charAt(text.length() - 1)) + 1;
        long number = Long.parseLong(unit == 0 ? text : text.substring(0, text.length() - 1));
        return number << (10 * unit);
    }
}
