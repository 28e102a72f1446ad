package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Directories of the host that no sandbox sees: what the machine runs on, the engine, RunGPT's own data, and keys. Neither they nor what is
 * in them, nor a directory that they are in. Each counts by its name, by where its links lead, and by what it is: another mount of
 * the same directory, or of what it is in, is that directory.
 */
final class ForbiddenPlaces {
    private record Place(
            Path path,
            Path real,
            @Nullable Object key,
            Set<Object> above,
            HostMounts.@Nullable Origin origin,
            String what) {
        boolean is(Directory directory) {
            return directory.path().equals(real) || key != null && key.equals(directory.key());
        }

        boolean holds(Directory directory) {
            return directory.path().startsWith(real)
                    || directory.path().startsWith(path)
                    || key != null && directory.above().contains(key)
                    || isIn(directory.origin(), origin);
        }

        boolean liesIn(Directory directory) {
            return real.startsWith(directory.path())
                    || path.startsWith(directory.path())
                    || directory.key() != null && above.contains(directory.key())
                    || isIn(origin, directory.origin());
        }

        private static boolean isIn(HostMounts.@Nullable Origin inner, HostMounts.@Nullable Origin outer) {
            return inner != null && outer != null && inner.isIn(outer);
        }
    }

    /** @param above the keys of the directories that it is in */
    private record Directory(Path path, @Nullable Object key, Set<Object> above, HostMounts.@Nullable Origin origin) {}

    /** To write there is to change the machine. */
    private static final List<String> PROGRAMS =
            List.of("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/var/lib", "/var/spool");

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

    private final HostMounts mounts;
    private final Function<Path, @Nullable Object> keys;
    private final Place home;
    private final List<Place> places = new ArrayList<>();
    private final List<Place> programs = new ArrayList<>();
    private final List<Path> covered = new ArrayList<>();

    /**
     * @param data where RunGPT keeps its data
     * @param engine where the engine keeps its own, and its socket
     * @param installation what RunGPT is started from
     */
    ForbiddenPlaces(Path home, Path data, Collection<Path> engine, Collection<Path> installation) {
        this(home, data, engine, installation, HostMounts.now(), ForbiddenPlaces::key);
    }

    /** @param keys tell which directory it is, whatever its name */
    ForbiddenPlaces(
            Path home,
            Path data,
            Collection<Path> engine,
            Collection<Path> installation,
            HostMounts mounts,
            Function<Path, @Nullable Object> keys) {
        this.mounts = mounts;
        this.keys = keys;
        this.home = place(home, "the home directory");
        SYSTEM.forEach(path -> add(Path.of(path), "a directory of the system"));
        engine.forEach(path -> add(path, "a part of the container engine"));
        add(data, "where RunGPT keeps its own data and keys");
        KEYS.forEach(name -> add(home.resolve(name), "a place for keys"));
        PROGRAMS.forEach(path -> programs.add(place(Path.of(path), "where programs of this machine are")));
        installation.forEach(path -> programs.add(place(path, "what RunGPT is started from")));
        for (Place place : places) {
            if (place.real().startsWith(this.home.real()) && Files.isDirectory(place.real())) {
                covered.add(place.real());
            }
        }
    }

    private void add(Path path, String what) {
        places.add(place(path, what));
    }

    private Place place(Path path, String what) {
        Path absolute = path.toAbsolutePath().normalize();
        Path real = real(absolute);
        return new Place(absolute, real, keys.apply(real), above(real), mounts.origin(real), what);
    }

    private Directory directory(Path real) {
        return new Directory(real, keys.apply(real), above(real), mounts.origin(real));
    }

    /** Without the root: everything is in that. */
    private Set<Object> above(Path real) {
        Set<Object> above = new HashSet<>();
        Object root = keys.apply(real.getRoot());
        for (Path path = real.getParent(); path != null && path.getNameCount() > 0; path = path.getParent()) {
            Object key = keys.apply(path);
            if (key != null && !key.equals(root)) {
                above.add(key);
            }
        }
        return above;
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

    /** @param path without links @return why it may not be shared; null if it may */
    @Nullable
    String problem(Path path) {
        Directory directory = directory(path);
        if (path.getNameCount() == 0
                || directory.key() != null && directory.key().equals(keys.apply(path.getRoot()))) {
            return "it is the whole file system of the machine";
        }
        for (Place place : places) {
            if (place.is(directory)) {
                return "it is " + place.what();
            }
            if (place.holds(directory)) {
                return "it lies in " + place.path() + ", " + place.what();
            }
        }
        if (home.is(directory)) {
            return null;
        }
        for (Place place : places) {
            if (place.liesIn(directory)) {
                return place.path() + " lies in it, " + place.what();
            }
        }
        return home.liesIn(directory) ? "the home directory lies in it" : null;
    }

    /** @param path without links @return why nobody may write there who is not meant to change the machine; null if anybody may */
    @Nullable
    String programs(Path path) {
        Directory directory = directory(path);
        for (Place place : programs) {
            if (place.is(directory)) {
                return "it is " + place.what();
            }
            if (place.holds(directory)) {
                return "it lies in " + place.path() + ", " + place.what();
            }
            if (place.liesIn(directory)) {
                return place.path() + " lies in it, " + place.what();
            }
        }
        return null;
    }

    boolean isHome(Path path) {
        return home.is(directory(path));
    }

    /** What is forbidden in the home directory; if that is shared, these are covered up. */
    List<Path> coveredInHome() {
        return List.copyOf(covered);
    }

    Path home() {
        return home.real();
    }
}
