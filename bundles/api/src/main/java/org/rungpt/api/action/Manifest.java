package org.rungpt.api.action;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A checked {@code manifest.json}. A manifest asks; only the user grants.
 *
 * @param name the alias it would like, {@code [a-z][a-z0-9_]{0,30}}
 * @param title what people call it
 * @param version its own version, as written
 * @param description one paragraph
 * @param constraints text for the model on what the action cannot do; null if none
 * @param tasks at least one, names unique
 * @param packages what its image needs beyond the base image
 * @param image {@code base}, {@code Dockerfile}, or {@code ref@sha256:…}
 * @param workspace whether it asks to see the conversation's {@code /workspace}
 * @param network hosts it asks to reach, each {@code host:port}
 * @param secrets secrets it asks for
 * @param shares host directories it asks for
 * @param resources limits it asks for
 * @param sidecars further containers it asks for
 * @param json the whole manifest as JSON text, for what has no field here (licence, homepage, icon, configuration schema)
 */
public record Manifest(
        String name,
        String title,
        String version,
        String description,
        @Nullable String constraints,
        List<Task> tasks,
        Packages packages,
        String image,
        boolean workspace,
        List<String> network,
        List<Secret> secrets,
        List<Share> shares,
        Resources resources,
        List<Sidecar> sidecars,
        String json) {
    /** Packages by package manager, each with an optional version in the manager's own notation. */
    public record Packages(List<String> apt, List<String> pip, List<String> npm) {
        public static final Packages NONE = new Packages(List.of(), List.of(), List.of());

        public Packages {
            apt = List.copyOf(apt);
            pip = List.copyOf(pip);
            npm = List.copyOf(npm);
        }
    }

    /** A secret that the action asks for: given in the environment variable {@code env}, meant for {@code hosts} only. */
    public record Secret(
            String name,
            String env,
            List<String> hosts,
            @Nullable String help) {
        public Secret {
            hosts = List.copyOf(hosts);
        }
    }

    /** A host directory that the action asks for. */
    public record Share(
            String name, boolean writable, @Nullable String why) {}

    /** Limits asked for; null where the default is enough. Memory and disk in bytes, cpus in cores. */
    public record Resources(
            @Nullable Double cpus,
            @Nullable Long memory,
            @Nullable Integer pids,
            @Nullable Long disk) {
        public static final Resources DEFAULT = new Resources(null, null, null, null);
    }

    /** A further container, by digest; {@code scope} is {@code call} or {@code conversation}. */
    public record Sidecar(
            String name, String image, int port, @Nullable String health, String scope) {}

    public Manifest {
        Objects.requireNonNull(name, "name");
        tasks = List.copyOf(tasks);
        network = List.copyOf(network);
        secrets = List.copyOf(secrets);
        shares = List.copyOf(shares);
        sidecars = List.copyOf(sidecars);
        Objects.requireNonNull(json, "json");
    }

    /** The task of that name. */
    public Optional<Task> task(String taskName) {
        return tasks.stream().filter(task -> task.name().equals(taskName)).findFirst();
    }
}
