package org.rungpt.runner.docker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * The tar archive from which an image is built. The same files give the same bytes: names in order, no times, no owners. Only
 * regular files and directories go in; a link or device in an action is refused, so that nothing outside of it is ever read.
 */
final class BuildContext implements AutoCloseable {
    private final Path file;
    private final TarArchiveOutputStream tar;

    private BuildContext(Path file, OutputStream out) {
        this.file = file;
        this.tar = new TarArchiveOutputStream(out, "UTF-8");
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
        tar.setAddPaxHeadersForNonAsciiNames(true);
    }

    /** @param directory where the archive lies until it is closed */
    static BuildContext in(Path directory) throws IOException {
        Path file = Files.createTempFile(directory, "image-", ".tar");
        return new BuildContext(file, Files.newOutputStream(file));
    }

    void addText(String name, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        TarArchiveEntry entry = entry(name, bytes.length, 0644);
        tar.putArchiveEntry(entry);
        tar.write(bytes);
        tar.closeArchiveEntry();
    }

    /** Adds the files of an action below {@code prefix}; empty for the top. */
    void addTree(Path root, String prefix) throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
                if (!attributes.isRegularFile()) {
                    throw new IOException(root.relativize(path) + " is no regular file");
                }
                files.add(path);
                return FileVisitResult.CONTINUE;
            }
        });
        Collections.sort(files);
        for (Path path : files) {
            String name = root.relativize(path).toString().replace('\\', '/');
            addFile(path, prefix.isEmpty() ? name : prefix + "/" + name);
        }
    }

    private void addFile(Path path, String name) throws IOException {
        try (InputStream in = Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS)) {
            byte[] bytes = in.readAllBytes();
            tar.putArchiveEntry(entry(name, bytes.length, Files.isExecutable(path) ? 0755 : 0644));
            tar.write(bytes);
            tar.closeArchiveEntry();
        }
    }

    private static TarArchiveEntry entry(String name, long size, int mode) {
        TarArchiveEntry entry = new TarArchiveEntry(name);
        entry.setSize(size);
        entry.setMode(0100000 | mode);
        entry.setModTime(0L);
        entry.setIds(0, 0);
        return entry;
    }

    /** The whole archive; nothing can be added afterwards. */
    InputStream read() throws IOException {
        tar.close();
        return Files.newInputStream(file);
    }

    @Override
    public void close() throws IOException {
        try {
            tar.close();
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
