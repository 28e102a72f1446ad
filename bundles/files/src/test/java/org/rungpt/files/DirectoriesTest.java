package org.rungpt.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DirectoriesTest {
    @TempDir
    Path place;

    @Test
    @DisplayName("a directory goes with all that is in it, and what its links point to stays")
    void deletes() throws Exception {
        Path kept =
                Files.writeString(Files.createDirectory(place.resolve("kept")).resolve("file"), "kept");
        Path doomed = Files.createDirectories(place.resolve("doomed/deep")).getParent();
        Files.writeString(doomed.resolve("deep/file"), "x");
        Files.createSymbolicLink(doomed.resolve("deep/link"), kept.getParent());
        Files.createSymbolicLink(doomed.resolve("dangling"), place.resolve("nowhere"));
        Directories.delete(doomed);
        assertThat(doomed).doesNotExist();
        assertThat(kept).hasContent("kept");
    }

    @Test
    @DisplayName("of a link to a directory only the link goes")
    void deletesLink() throws Exception {
        Path kept = Files.createDirectory(place.resolve("kept"));
        Path link = Files.createSymbolicLink(place.resolve("link"), kept);
        Directories.delete(link);
        assertThat(link).doesNotExist();
        assertThat(kept).isDirectory();
    }

    @Test
    @DisplayName("what is not there is no failure")
    void nothingThere() throws Exception {
        Directories.delete(place.resolve("nothing"));
    }
}
