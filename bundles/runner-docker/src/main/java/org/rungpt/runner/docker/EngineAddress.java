package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Where the engine is, or may be. Which of several it is, shows when one answers. */
final class EngineAddress {
    static final String DEFAULT = "unix:///var/run/docker.sock";
    static final String UNIX = "unix://";

    private final Supplier<List<String>> candidates;

    private EngineAddress(Supplier<List<String>> candidates) {
        this.candidates = candidates;
    }

    /** Somebody has named it: that one and no other. */
    static EngineAddress of(String host) {
        List<String> told = List.of(host);
        return new EngineAddress(() -> told);
    }

    /** Nobody has named it: it is looked for where engines put their sockets. */
    static EngineAddress search(Map<String, String> environment, Path home, Path root) {
        List<Path> places = places(environment, home, root);
        return new EngineAddress(() -> {
            List<String> there = places.stream()
                    .filter(Files::exists)
                    .map(place -> UNIX + place)
                    .toList();
            // Where there is none, the usual place of Docker is what is missing.
            return there.isEmpty() ? List.of(DEFAULT) : there;
        });
    }

    /** In the order in which they are asked; at least one. */
    List<String> candidates() {
        return candidates.get();
    }

    /** The same order as in the script {@code rungpt}. */
    private static List<Path> places(Map<String, String> environment, Path home, Path root) {
        Set<Path> sessions = sessions(environment.get("XDG_RUNTIME_DIR"), root);
        List<Path> places = new ArrayList<>();
        places.add(root.resolve("var/run/docker.sock"));
        sessions.forEach(session -> places.add(session.resolve("docker.sock"))); // rootless Docker
        places.add(home.resolve(".docker/run/docker.sock")); // Docker Desktop
        places.add(home.resolve(".docker/desktop/docker.sock"));
        places.add(home.resolve(".colima/default/docker.sock"));
        places.add(home.resolve(".config/colima/default/docker.sock"));
        places.add(home.resolve(".colima/docker.sock"));
        places.add(home.resolve(".rd/docker.sock")); // Rancher Desktop
        sessions.forEach(session -> places.add(session.resolve("podman/podman.sock")));
        places.add(root.resolve("run/podman/podman.sock"));
        places.add(home.resolve(".local/share/containers/podman/machine/podman.sock"));
        return places;
    }

    /** Where the sockets of this user's session are, whether or not the environment tells. */
    private static Set<Path> sessions(@Nullable String told, Path root) {
        Set<Path> sessions = new LinkedHashSet<>();
        if (told != null && !told.isBlank()) {
            sessions.add(Path.of(told));
        }
        try {
            sessions.add(root.resolve("run/user")
                    .resolve(String.valueOf(Files.getAttribute(root.resolve("proc/self"), "unix:uid"))));
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            // A system without /proc has no such directories either.
        }
        return sessions;
    }
}
