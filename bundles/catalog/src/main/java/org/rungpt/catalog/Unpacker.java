package org.rungpt.catalog;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.rungpt.api.action.ContentHash;
import org.rungpt.files.Directories;

/** Writes the files of an action into a directory named by their hash: complete or not there at all. */
final class Unpacker {
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    /** What RunGPT runs of an action; a bundle knows no modes of files. */
    private static final Set<String> PROGRAMS = Set.of("run", "setup");

    private final Path root;

    /** @param root is made if it is not there */
    Unpacker(Path root) throws IOException {
        this.root = Files.createDirectories(root.toAbsolutePath().normalize(), PRIVATE);
    }

    /** An action's files on disk. */
    record Unpacked(Path directory, String contentHash) {}

    /**
     * Unpacks, unless the same files are there already. What is there is read again: damage is repaired.
     *
     * @param files bytes by path with slashes; {@code run} and {@code setup} become executable
     */
    Unpacked unpack(Map<String, byte[]> files) throws IOException {
        Path staged = Files.createTempDirectory(root, ".staged-", PRIVATE);
        try {
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                write(staged, file.getKey(), file.getValue());
            }
            String hash = ContentHash.of(staged);
            Path directory = root.resolve(hash);
            if (!isIntact(directory, hash)) {
                Directories.delete(directory);
                move(staged, directory, hash);
            }
            return new Unpacked(directory, hash);
        } finally {
            Directories.delete(staged);
        }
    }

    private static void write(Path staged, String name, byte[] bytes) throws IOException {
        Path file = staged.resolve(name).normalize();
        if (!file.startsWith(staged) || file.equals(staged)) {
            throw new IOException(name + " leads out of the directory");
        }
        Files.createDirectories(file.getParent());
        Files.write(file, bytes, StandardOpenOption.CREATE_NEW);
        Files.setPosixFilePermissions(
                file, PosixFilePermissions.fromString(PROGRAMS.contains(name) ? "rwx------" : "rw-------"));
    }

    private static void move(Path staged, Path directory, String hash) throws IOException {
        try {
            Files.move(staged, directory, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
            // Somebody else unpacked the same files meanwhile.
            if (!isIntact(directory, hash)) {
                throw e;
            }
        }
    }

    private static boolean isIntact(Path directory, String hash) {
        try {
            return Files.isDirectory(directory) && ContentHash.of(directory).equals(hash);
        } catch (IOException e) {
            return false;
        }
    }

    /** Removes directories that an earlier process left and nobody names any more. */
    void sweep(Set<Path> wanted, Instant processStart) throws IOException {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(root)) {
            for (Path directory : all) {
                if (!wanted.contains(directory)
                        && Files.getLastModifiedTime(directory).toInstant().isBefore(processStart)) {
                    Directories.delete(directory);
                }
            }
        }
    }
}
