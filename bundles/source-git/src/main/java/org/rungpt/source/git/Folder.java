package org.rungpt.source.git;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Set;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ContentHash;
import org.rungpt.files.Directories;

/** Where versions lie: {@code owner/repo[/dir]@commit}, side by side; what is being made is in {@code .staged}. */
final class Folder {
    private final Path root;
    private final Path staged;

    Folder(Path root) throws IOException {
        this.root = Files.createDirectories(root.toAbsolutePath().normalize(), Disk.PRIVATE);
        staged = Files.createDirectories(this.root.resolve(".staged"), Disk.PRIVATE);
    }

    Path lockFile() {
        return root.resolve("rungpt.lock");
    }

    Path directory(ActionId id, String commit) {
        return root.resolve(id.value() + "@" + commit.substring(0, 12));
    }

    Path newWork() throws IOException {
        return Files.createTempDirectory(staged, "", Disk.PRIVATE);
    }

    /** Moves complete files to their place. The same files may be there already; others there are damage and go. */
    void adopt(Path files, String contentHash, Path directory) throws IOException {
        if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            if (isIntact(directory, contentHash)) {
                return;
            }
            remove(directory);
        }
        Files.createDirectories(directory.getParent());
        Files.move(files, directory, StandardCopyOption.ATOMIC_MOVE);
    }

    private static boolean isIntact(Path directory, String contentHash) {
        try {
            return ContentHash.of(directory).equals(contentHash);
        } catch (IOException e) {
            return false;
        }
    }

    void remove(Path directory) throws IOException {
        if (Files.exists(directory)) {
            Path work = newWork();
            Files.move(directory, work.resolve("removed"), StandardCopyOption.ATOMIC_MOVE);
            Directories.delete(work);
        }
        removeEmptyParents(directory);
    }

    private void removeEmptyParents(Path directory) throws IOException {
        Path parent = directory.getParent();
        while (parent != null && parent.startsWith(root) && !parent.equals(root)) {
            try (DirectoryStream<Path> inside = Files.newDirectoryStream(parent)) {
                if (inside.iterator().hasNext()) {
                    return;
                }
            }
            Files.delete(parent);
            parent = parent.getParent();
        }
    }

    /** Removes what an earlier process left half done, and its versions that are no longer wanted. */
    void sweep(Set<Path> wanted, Instant processStart) throws IOException {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(staged)) {
            for (Path work : left) {
                if (isOlder(work, processStart)) {
                    Directories.delete(work);
                }
            }
        }
        sweepVersions(root, wanted, processStart);
    }

    private void sweepVersions(Path directory, Set<Path> wanted, Instant processStart) throws IOException {
        try (DirectoryStream<Path> inside = Files.newDirectoryStream(directory)) {
            for (Path path : inside) {
                if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) || path.equals(staged)) {
                    continue;
                }
                if (path.getFileName().toString().indexOf('@') < 0) {
                    sweepVersions(path, wanted, processStart);
                } else if (!wanted.contains(path) && isOlder(path, processStart)) {
                    remove(path);
                }
            }
        }
    }

    private static boolean isOlder(Path path, Instant processStart) throws IOException {
        return Files.getLastModifiedTime(path).toInstant().isBefore(processStart);
    }
}
