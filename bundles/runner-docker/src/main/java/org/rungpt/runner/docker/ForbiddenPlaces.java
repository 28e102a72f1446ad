package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Directories of the host that no sandbox sees: what the machine runs on, the engine, RunGPT's own data, and keys. Neither they nor what is
 * in them, nor a directory that they are in. Each counts by its name, by where its links lead, and by what it is: another mount of
 * the same directory is that directory.
 */
final class ForbiddenPlaces {
    private record Place(Path path, Path real, @Nullable Object key, String what) {}

    private static final List<String> SYSTEM = List.of("/etc", "/proc", "/sys", "/dev", "/run", "/var/run", "/boot");
    private static final List<String> KEYS = List.of(
            ".ssh",
            ".gnupg",
            ".aws",
            ".azure",
            ".kube",
            ".docker",
            ".password-store",
            ".config/gcloud",
            ".config/gh",
            ".local/share/keyrings");

    private final Path home;
    private final List<Place> places = new ArrayList<>();
    private final List<Path> covered = new ArrayList<>();

    /**
     * @param data where RunGPT keeps its data
     * @param engine where the engine keeps its own, and its socket
     */
    ForbiddenPlaces(Path home, Path data, Collection<Path> engine) {
        this.home = real(home);
        SYSTEM.forEach(path -> add(Path.of(path), "a directory of the system"));
        engine.forEach(path -> add(path, "a part of the container engine"));
        add(data, "where RunGPT keeps its own data and keys");
        KEYS.forEach(name -> add(home.resolve(name), "a place for keys"));
        for (Place place : places) {
            if (place.real().startsWith(this.home) && Files.isDirectory(place.real())) {
                covered.add(place.real());
            }
        }
    }

    private void add(Path path, String what) {
        Path absolute = path.toAbsolutePath().normalize();
        Path real = real(absolute);
        places.add(new Place(absolute, real, key(real), what));
    }

    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }

    static @Nullable Object key(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    /** @param directory without links @return why it may not be shared; null if it may */
    @Nullable
    String problem(Path directory) {
        Object key = key(directory);
        if (directory.getNameCount() == 0 || key != null && key.equals(key(Path.of("/")))) {
            return "it is the whole file system of the machine";
        }
        for (Place place : places) {
            if (key != null && key.equals(place.key()) || directory.equals(place.real())) {
                return "it is " + place.what();
            }
            if (directory.startsWith(place.real()) || directory.startsWith(place.path())) {
                return "it lies in " + place.path() + ", " + place.what();
            }
        }
        if (isHome(directory)) {
            return null;
        }
        for (Place place : places) {
            if (place.real().startsWith(directory) || place.path().startsWith(directory)) {
                return place.path() + " lies in it, " + place.what();
            }
        }
        return home.startsWith(directory) ? "the home directory lies in it" : null;
    }

    boolean isHome(Path directory) {
        Object key = key(directory);
        return directory.equals(home) || key != null && key.equals(key(home));
    }

    /** What is forbidden in the home directory; if that is shared, these are covered up. */
    List<Path> coveredInHome() {
        return List.copyOf(covered);
    }

    Path home() {
        return home;
    }
}
