package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where file systems, or parts of them, are mounted on this machine.
 *
 * @param all in the order in which they were mounted: of those at one place the last is seen
 */
record HostMounts(List<Mount> all) {
    /**
     * @param device of the file system
     * @param root which part of the file system it is
     * @param place where it is mounted
     */
    record Mount(String device, Path root, Path place) {}

    /** What a path is, however it is reached: where it lies in which file system. */
    record Origin(String device, Path path) {
        boolean isIn(Origin other) {
            return device.equals(other.device) && path.startsWith(other.path);
        }
    }

    private static final Path TABLE = Path.of("/proc/self/mountinfo");
    private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");
    private static final int DEVICE = 2;
    private static final int ROOT = 3;
    private static final int PLACE = 4;

    /** None where that cannot be known. */
    static HostMounts now() {
        try {
            return read(Files.readString(TABLE, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            return new HostMounts(List.of());
        }
    }

    /** @param table as in proc(5), its bytes as characters */
    static HostMounts read(String table) {
        List<Mount> mounts = new ArrayList<>();
        table.lines().forEach(line -> {
            String[] fields = line.split(" ", PLACE + 2);
            if (fields.length > PLACE) {
                mounts.add(new Mount(fields[DEVICE], path(fields[ROOT]), path(fields[PLACE])));
            }
        });
        return new HostMounts(List.copyOf(mounts));
    }

    private static Path path(String field) {
        String bytes = OCTAL.matcher(field)
                .replaceAll(
                        match -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(match.group(1), 8))));
        return Path.of(new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
    }

    Set<Path> places() {
        return all.stream().map(Mount::place).collect(Collectors.toUnmodifiableSet());
    }

    /** @param path absolute and without links @return null if that cannot be known */
    @Nullable
    Origin origin(Path path) {
        Mount nearest = null;
        for (Mount mount : all) {
            if (path.startsWith(mount.place())
                    && (nearest == null
                            || mount.place().getNameCount() >= nearest.place().getNameCount())) {
                nearest = mount;
            }
        }
        return nearest == null
                ? null
                : new Origin(
                        nearest.device(),
                        nearest.root().resolve(nearest.place().relativize(path)).normalize());
    }
}
