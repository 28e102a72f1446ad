package org.rungpt.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PrivateFilesTest {
    @TempDir
    Path directory;

    @Test
    void aNewFileIsForItsOwnerOnly() throws Exception {
        PrivateFiles.makeFile(directory.resolve("a"));
        assertThat(mode(directory.resolve("a"))).isEqualTo("rw-------");
        assertThatThrownBy(() -> PrivateFiles.makeFile(directory.resolve("a")))
                .isInstanceOf(FileAlreadyExistsException.class);
    }

    @Test
    void ownDirectoriesAreRestrictedThoseOfTheUserAreLeftAlone() throws Exception {
        Path shared = Files.createDirectory(directory.resolve("shared"));
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxr-xr-x"));

        PrivateFiles.makeDirectories(shared);
        PrivateFiles.makeOwnDirectory(shared.resolve("x/y"));
        assertThat(mode(shared)).isEqualTo("rwxr-xr-x");
        assertThat(mode(shared.resolve("x"))).isEqualTo("rwx------");
        assertThat(mode(shared.resolve("x/y"))).isEqualTo("rwx------");

        PrivateFiles.makeOwnDirectory(shared);
        assertThat(mode(shared)).isEqualTo("rwx------");
    }

    @Test
    void replacesAFileWithoutLeavingAnything() throws Exception {
        Path file = directory.resolve("a.json");
        Files.writeString(directory.resolve("a.json.new"), "left by a crash");
        PrivateFiles.replace(file, "one".getBytes(StandardCharsets.UTF_8));
        PrivateFiles.replace(file, "two".getBytes(StandardCharsets.UTF_8));

        assertThat(file).hasContent("two");
        assertThat(mode(file)).isEqualTo("rw-------");
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void restrictsWhatIsThereAndIgnoresWhatIsNot() throws Exception {
        Path file = Files.createFile(directory.resolve("a"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxrwxrwx"));
        PrivateFiles.restrict(file);
        PrivateFiles.restrict(directory.resolve("none"));
        assertThat(mode(file)).isEqualTo("rwx------");
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
