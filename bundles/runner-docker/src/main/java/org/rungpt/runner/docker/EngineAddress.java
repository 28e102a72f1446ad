package org.rungpt.runner.docker;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds the engine of this machine: the first socket that is there and may be used. */
final class EngineAddress {
    private EngineAddress() {}

    /** @return the usual place of Docker if there is none anywhere: then that is what is missing */
    static String find(Map<String, String> environment, Path home) {
        return find(environment, home, Path.of("/"));
    }

    static String find(Map<String, String> environment, Path home, Path root) {
        List<Path> places = places(environment, home, root);
        for (Path place : places) {
            if (Files.isReadable(place) && Files.isWritable(place)) {
                return "unix://" + place;
            }
        }
        // One that may not be used is told as such later.
        for (Path place : places) {
            if (Files.exists(place)) {
                return "unix://" + place;
            }
        }
        return Settings.DEFAULT_HOST;
    }

    private static List<Path> places(Map<String, String> environment, Path home, Path root) {
        List<Path> places = new ArrayList<>();
        places.add(root.resolve("var/run/docker.sock"));
        Path session = session(environment.get("XDG_RUNTIME_DIR"));
        if (session != null) {
            places.add(session.resolve("docker.sock")); // rootless Docker
        }
        places.add(home.resolve(".docker/run/docker.sock")); // Docker Desktop
        places.add(home.resolve(".docker/desktop/docker.sock"));
        places.add(home.resolve(".colima/default/docker.sock"));
        places.add(home.resolve(".colima/docker.sock"));
        places.add(home.resolve(".rd/docker.sock")); // Rancher Desktop
        if (session != null) {
            places.add(session.resolve("podman/podman.sock"));
        }
        places.add(root.resolve("run/podman/podman.sock"));
        return places;
    }

    private static @Nullable Path session(@Nullable String directory) {
        return directory == null || directory.isBlank() ? null : Path.of(directory);
    }
}
