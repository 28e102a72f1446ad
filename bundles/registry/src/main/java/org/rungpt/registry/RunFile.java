package org.rungpt.registry;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;

/** Looks at the programs of an action without running them. */
final class RunFile {
    private static final int FIRST_LINE = 256;

    private RunFile() {}

    static void check(Path directory, Problems problems) {
        checkProgram(directory, "run", true, problems);
        checkProgram(directory, "setup", false, problems);
    }

    private static void checkProgram(Path directory, String name, boolean required, Problems problems) {
        Path file = directory.resolve(name);
        try {
            PosixFileAttributes attributes =
                    Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isRegularFile()) {
                problems.file(
                        name,
                        "is a " + (attributes.isSymbolicLink() ? "symbolic link" : "directory or device")
                                + ": it must be a regular file");
                return;
            }
            if (!attributes.permissions().contains(PosixFilePermission.OWNER_EXECUTE)) {
                problems.file(
                        name,
                        "is not executable: chmod +x " + name + " (in Git: git update-index --chmod=+x " + name + ")");
            }
            checkBeginning(file, name, problems);
        } catch (NoSuchFileException e) {
            if (required) {
                problems.file(name, "is missing: an action needs an executable file of that name");
            }
        } catch (IOException e) {
            problems.file(name, "cannot be read: " + e.getMessage());
        }
    }

    private static void checkBeginning(Path file, String name, Problems problems) throws IOException {
        byte[] beginning;
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            beginning = in.readNBytes(FIRST_LINE);
        }
        String text = new String(beginning, StandardCharsets.ISO_8859_1);
        if (text.isEmpty()) {
            problems.file(name, "is empty");
        } else if (text.startsWith("\u00EF\u00BB\u00BF#!")) {
            problems.file(name, "begins with a byte order mark before #!: save it without one");
        } else if (text.startsWith("#!") && text.split("\n", 2)[0].endsWith("\r")) {
            problems.file(name, "has Windows line ends after #!: save it with LF line ends");
        }
    }
}
