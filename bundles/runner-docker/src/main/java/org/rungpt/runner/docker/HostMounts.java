package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where file systems are mounted on this machine. */
final class HostMounts {
    private static final Path TABLE = Path.of("/proc/self/mountinfo");
    private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");
    private static final int PLACE = 4;

    private HostMounts() {}

    /** None where that cannot be known. */
    static Set<Path> now() {
        try {
            return read(Files.readString(TABLE, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            return Set.of();
        }
    }

    static Set<Path> read(String table) {
        Set<Path> places = new HashSet<>();
        table.lines().forEach(line -> {
            String[] fields = line.split(" ", PLACE + 2);
            if (fields.length > PLACE) {
                String place = OCTAL.matcher(fields[PLACE])
                        .replaceAll(match ->
                                Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(match.group(1), 8))));
                places.add(Path.of(new String(place.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8)));
            }
        });
        return places;
    }
}
