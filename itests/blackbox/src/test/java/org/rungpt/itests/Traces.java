package org.rungpt.itests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** Looks for words that must be nowhere, in all their disguises: as they are, in Base64, hexadecimal and backwards. */
final class Traces {
    private final Set<String> forms = new LinkedHashSet<>();

    Traces(String... words) {
        for (String word : words) {
            forms.add(word);
            forms.add(new StringBuilder(word).reverse().toString());
            String hex = HexFormat.of().formatHex(word.getBytes(StandardCharsets.UTF_8));
            forms.add(hex);
            forms.add(hex.toUpperCase(Locale.ROOT));
            for (int shift = 0; shift < 3; shift++) {
                String shifted = Base64.getEncoder()
                        .withoutPadding()
                        .encodeToString(("x".repeat(shift) + word).getBytes(StandardCharsets.UTF_8));
                // Its ends depend on what stands around it.
                forms.add(shifted.substring(shift == 0 ? 0 : 4, shifted.length() - 3));
            }
        }
    }

    boolean in(String text) {
        return forms.stream().anyMatch(text::contains);
    }

    /** The files below a directory that hold one of them. */
    List<Path> under(Path directory, String... except) throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path file : all(directory)) {
            String name = directory.relativize(file).toString();
            boolean looked = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    && Stream.of(except).noneMatch(name::startsWith);
            if (looked && in(content(file))) {
                found.add(file);
            }
        }
        return found;
    }

    /**
     * The files below a directory that hold one of them and were written since then; what this user may not look into is others'.
     *
     * @param except a directory that is not looked into
     */
    List<Path> changedSince(Instant begin, Path directory, Path... except) throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path file : all(directory, Set.of(except), true)) {
            try {
                if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                        && !Files.getLastModifiedTime(file).toInstant().isBefore(begin)
                        && in(content(file))) {
                    found.add(file);
                }
            } catch (NoSuchFileException | AccessDeniedException e) {
                continue; // removed meanwhile, or another user's
            }
        }
        return found;
    }

    /** The processes whose command lines hold one of them. */
    List<String> inCommandLines() throws IOException {
        List<String> found = new ArrayList<>();
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            for (Path process : processes
                    .filter(one -> one.getFileName().toString().matches("\\d+"))
                    .toList()) {
                String command = content(process.resolve("cmdline"));
                if (in(command)) {
                    found.add(command.replace('\0', ' '));
                }
            }
        }
        return found;
    }

    /** Files and directories that others than the owner may read, write or enter. */
    static List<String> openToOthers(Path directory) throws IOException {
        List<String> open = new ArrayList<>();
        for (Path path : all(directory)) {
            try {
                String mode =
                        PosixFilePermissions.toString(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
                if (!Files.isSymbolicLink(path) && !mode.endsWith("------")) {
                    open.add(path + " " + mode);
                }
            } catch (NoSuchFileException e) {
                continue; // removed meanwhile
            }
        }
        return open;
    }

    private static List<Path> all(Path directory) throws IOException {
        return all(directory, Set.of(), false);
    }

    /** @param shared whether others have directories there too, which this user may not look into */
    private static List<Path> all(Path directory, Set<Path> except, boolean shared) throws IOException {
        List<Path> all = new ArrayList<>();
        List<Path> left = new ArrayList<>(List.of(directory));
        while (!left.isEmpty()) {
            Path next = left.remove(left.size() - 1);
            all.add(next);
            if (Files.isDirectory(next, LinkOption.NOFOLLOW_LINKS)) {
                try (Stream<Path> entries = Files.list(next)) {
                    entries.filter(entry -> !except.contains(entry)).forEach(left::add);
                } catch (AccessDeniedException e) {
                    if (!shared) {
                        throw e;
                    }
                } catch (NoSuchFileException | UncheckedIOException e) {
                    continue; // removed meanwhile
                }
            }
        }
        return all;
    }

    private static String content(Path file) throws IOException {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            return "";
        } catch (IOException e) {
            if (file.startsWith("/proc")) {
                return ""; // a process that has ended
            }
            throw e;
        }
    }
}
