package org.rungpt.store.sqlite;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.rungpt.files.PrivateFiles;

/** Copies directories with all that is in them. */
final class Trees {
    private Trees() {}

    /**
     * Copies a directory while others go on writing, in the order of names: what names a content lies before it. What is being written has a
     * name that begins with a dot or ends with {@code .new}, and is left out; so is what is deleted meanwhile. Durable on return.
     */
    static void copy(Path from, Path to) throws IOException {
        PrivateFiles.makeOwnDirectory(to);
        List<Path> entries;
        try (Stream<Path> all = Files.list(from)) {
            entries = all.sorted().toList();
        } catch (NoSuchFileException e) {
            return;
        }
        for (Path entry : entries) {
            String name = entry.getFileName().toString();
            if (isUnfinished(entry)) {
                continue;
            }
            if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                copy(entry, to.resolve(name));
            } else if (Files.isRegularFile(entry, LinkOption.NOFOLLOW_LINKS)) {
                copyFile(entry, to.resolve(name));
            }
        }
        PrivateFiles.sync(to);
    }

    /** Copies a file; one that is deleted meanwhile is left out. */
    static void copyFile(Path from, Path to) throws IOException {
        try (FileChannel in = FileChannel.open(from, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            PrivateFiles.makeFile(to);
            try (FileChannel out = FileChannel.open(to, StandardOpenOption.WRITE)) {
                long at = 0;
                for (long count = 1; count > 0; at += count) {
                    count = in.transferTo(at, 16 << 20, out);
                }
                out.force(true);
            }
        } catch (NoSuchFileException e) {
            if (Files.exists(from, LinkOption.NOFOLLOW_LINKS)) {
                throw e;
            }
        }
    }

    /** What is being written, or deleted, and belongs to no copy. */
    static boolean isUnfinished(Path entry) {
        String name = entry.getFileName().toString();
        return name.startsWith(".") || name.endsWith(".new");
    }
}
