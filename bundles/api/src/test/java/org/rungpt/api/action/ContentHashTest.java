package org.rungpt.api.action;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContentHashTest {
    @TempDir
    Path directory;

    private String before;

    @BeforeEach
    void someFiles() throws IOException {
        Files.writeString(directory.resolve("run"), "#!/bin/sh\n");
        Files.createDirectories(directory.resolve("lib"));
        Files.writeString(directory.resolve("lib/a.txt"), "a");
        before = ContentHash.of(directory);
    }

    @Test
    void isTheDocumentedFormula() {
        // sha256 of the records "644 <sha256 of a> lib/a.txt\0" and "644 <sha256 of the script> run\0", computed by
        // other means.
        assertThat(before).isEqualTo("de04081e2a023d26b10f88d29a9b819216d4320efddce1d3cc511b0d8e86561a");
    }

    @Test
    void timesDoNotCount() throws IOException {
        Files.setLastModifiedTime(directory.resolve("run"), FileTime.from(Instant.EPOCH));

        assertThat(ContentHash.of(directory)).isEqualTo(before);
    }

    @Test
    void bytesNamesAndModesCount() throws IOException {
        Files.writeString(directory.resolve("lib/a.txt"), "b");
        String otherBytes = ContentHash.of(directory);
        Files.move(directory.resolve("lib/a.txt"), directory.resolve("lib/b.txt"));
        String otherName = ContentHash.of(directory);
        Files.setPosixFilePermissions(directory.resolve("run"), PosixFilePermissions.fromString("rwx------"));
        String otherMode = ContentHash.of(directory);

        assertThat(new String[] {before, otherBytes, otherName, otherMode}).doesNotHaveDuplicates();
    }

    @Test
    void refusesSymbolicLinks() throws IOException {
        Files.createSymbolicLink(directory.resolve("link"), directory.resolve("run"));

        assertThatThrownBy(() -> ContentHash.of(directory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("link");
    }
}
