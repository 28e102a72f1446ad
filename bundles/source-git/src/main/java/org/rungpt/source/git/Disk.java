package org.rungpt.source.git;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.eclipse.jgit.lib.ObjectReader;
import org.eclipse.jgit.lib.Repository;

/** Writes the files of actions. */
final class Disk {
    static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final Set<PosixFilePermission> PROGRAM = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");

    private Disk() {}

    /** Writes checked files into a new directory. */
    static void write(Repository repository, List<Tree.File> files, Path directory, Job job) throws IOException {
        Files.createDirectory(directory);
        Set<Path> made = new HashSet<>(Set.of(directory));
        try (ObjectReader reader = repository.newObjectReader()) {
            int done = 0;
            for (Tree.File file : files) {
                job.check();
                Path path = directory.resolve(file.path());
                if (!path.normalize().equals(path) || !path.startsWith(directory)) {
                    throw new IOException("leads out of the directory: " + Texts.printable(file.path(), 120));
                }
                if (made.add(path.getParent())) {
                    Files.createDirectories(path.getParent());
                }
                try (OutputStream out =
                        Files.newOutputStream(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                    reader.open(file.blob()).copyTo(out);
                }
                Files.setPosixFilePermissions(path, file.executable() ? PROGRAM : FILE);
                if (++done % 100 == 0) {
                    job.step("writing files", done, files.size());
                }
            }
        }
    }
}
