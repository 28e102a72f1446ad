package org.rungpt.runner.docker;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where the engine keeps its own, as far as that is this machine. */
final class EnginePlaces {
    private static final Logger LOG = LoggerFactory.getLogger(EnginePlaces.class);
    private static final List<String> USUAL = List.of("/var/lib/docker", "/var/lib/containerd", "/var/lib/containers");
    private static final List<String> OF_USER = List.of(".local/share/docker", ".local/share/containers");

    private EnginePlaces() {}

    /**
     * @param hosts where there may be one: none of them is anything to share
     * @param engine to be asked; null if it is away: then the usual places
     */
    static List<Path> of(List<String> hosts, @Nullable Engine engine) {
        List<Path> places = new ArrayList<>();
        USUAL.forEach(place -> places.add(Path.of(place)));
        OF_USER.forEach(place -> places.add(Path.of(System.getProperty("user.home", "/"), place)));
        hosts.stream()
                .filter(host -> host.startsWith(EngineAddress.UNIX))
                .forEach(host -> places.add(Path.of(host.substring(EngineAddress.UNIX.length()))));
        if (engine != null) {
            try {
                String root = engine.control().infoCmd().exec().getDockerRootDir();
                if (root != null && !root.isBlank()) {
                    places.add(Path.of(root));
                }
            } catch (RuntimeException e) {
                LOG.debug("The engine does not tell where it keeps its own: {}", EngineFailures.line(e));
            }
        }
        return places;
    }
}
