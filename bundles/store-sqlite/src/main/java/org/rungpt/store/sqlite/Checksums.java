package org.rungpt.store.sqlite;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.rungpt.files.PrivateFiles;

/** What a copy must hold, as {@code sha256sum -c} reads it. Written last: a copy without it is not complete. */
final class Checksums {
    static final String FILE = "SHA256SUMS";
    private static final Pattern LINE = Pattern.compile("([0-9a-f]{64}) {2}([^\\x00-\\x1f]{1,1000})");

    private Checksums() {}

    static void write(Path directory) throws IOException {
        var lines = new StringBuilder();
        for (Path file : files(directory)) {
            lines.append(hash(file))
                    .append("  ")
                    .append(directory.relativize(file))
                    .append('\n');
        }
        PrivateFiles.replace(directory.resolve(FILE), lines.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** What is wrong with a copy, in one sentence; empty if it is what was written. */
    static Optional<String> problem(Path directory) throws IOException {
        Set<Path> there = new HashSet<>(files(directory));
        try (BufferedReader lines = Files.newBufferedReader(directory.resolve(FILE))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Matcher matcher = LINE.matcher(line);
                if (!matcher.matches()) {
                    return Optional.of(FILE + " is damaged");
                }
                Path file = directory.resolve(matcher.group(2)).normalize();
                if (!there.remove(file)) {
                    return Optional.of(matcher.group(2) + " is missing");
                }
                if (!hash(file).equals(matcher.group(1))) {
                    return Optional.of(matcher.group(2) + " is not as it was when it was copied");
                }
            }
        } catch (NoSuchFileException e) {
            return Optional.of(FILE + " is missing: it was not finished");
        } catch (MalformedInputException e) {
            return Optional.of(FILE + " is damaged");
        }
        return there.stream().findFirst().map(file -> directory.relativize(file) + " does not belong to it");
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .filter(file -> !file.equals(directory.resolve(FILE)))
                    .filter(file -> StreamSupport.stream(
                                    directory.relativize(file).spliterator(), false)
                            .noneMatch(Trees::isUnfinished))
                    .sorted()
                    .toList();
        }
    }

    private static String hash(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            var digest = MessageDigest.getInstance("SHA-256");
            in.transferTo(new OutputStream() {
                @Override
                public void write(int b) {
                    digest.update((byte) b);
                }

                @Override
                public void write(byte[] bytes, int from, int length) {
                    digest.update(bytes, from, length);
                }
            });
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
