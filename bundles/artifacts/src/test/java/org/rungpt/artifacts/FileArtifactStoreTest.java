package org.rungpt.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.artifact.Artifact;

final class FileArtifactStoreTest {
    private static final byte[] PNG = "\u0089PNG\r\n\u001a\n rest".getBytes(StandardCharsets.ISO_8859_1);

    @TempDir
    Path data;

    private FileArtifactStore store;

    @BeforeEach
    void open() throws IOException {
        store = new FileArtifactStore(data);
    }

    private static InputStream bytes(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    private String content(String conversation, String artifact) throws IOException {
        try (InputStream in = Channels.newInputStream(store.open(conversation, artifact))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(data)) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void whatIsStoredIsFoundAgainAlsoByASuccessor() throws IOException {
        Artifact picture = store.put("v1", "c_1", "plots/a.png", new ByteArrayInputStream(PNG));
        Artifact text = store.put("v1", "c_1", "b.txt", bytes("hello"));

        store = new FileArtifactStore(data);
        assertThat(store.list("v1")).containsExactly(picture, text);
        assertThat(store.find("v1", picture.id())).contains(picture);
        assertThat(picture.mediaType()).isEqualTo("image/png");
        assertThat(picture.size()).isEqualTo(PNG.length);
        assertThat(content("v1", text.id())).isEqualTo("hello");
        assertThat(store.list("v2")).isEmpty();
        assertThat(store.find("v2", text.id())).isEmpty();
        assertThatThrownBy(() -> store.open("v1", "f_nothing")).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void onlyTheOwnerCanReadWhatIsStored() throws IOException {
        store.put("v1", "c_1", "a", bytes("x"));
        store.keepOutput("v1", "c_1", "stdout", 0, ByteBuffer.wrap(new byte[] {1}));
        for (Path file : files()) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("artifacts"))))
                .isEqualTo("rwx------");
    }

    @Test
    void theSameContentIsKeptOnceAndTheSameFileOfACallIsOneArtifact() throws IOException {
        Artifact first = store.put("v1", "c_1", "a", bytes("same"));
        Artifact again = store.put("v1", "c_1", "a", bytes("same"));
        Artifact other = store.put("v1", "c_2", "b", bytes("same"));

        assertThat(again).isEqualTo(first);
        assertThat(other.id()).isNotEqualTo(first.id());
        assertThat(files().stream().filter(file -> file.toString().contains("/objects/")))
                .hasSize(1);
    }

    @Test
    void whatCannotBeReadLeavesNothing() throws IOException {
        InputStream broken = new InputStream() {
            private int left = 100_000;

            @Override
            public int read() throws IOException {
                if (left <= 0) {
                    throw new IOException("the sandbox is gone");
                }
                left--;
                return 'x';
            }
        };
        assertThatThrownBy(() -> store.put("v1", "c_1", "a", broken)).hasMessage("the sandbox is gone");
        assertThat(store.list("v1")).isEmpty();
        assertThat(files()).isEmpty();
    }

    @Test
    void aCrashLeavesLitterThatTheNextStartRemoves() throws IOException {
        Files.writeString(data.resolve("artifacts/.litter/in-1"), "half");
        Files.createDirectories(data.resolve("artifacts/.litter/deleted-1/objects"));
        Files.writeString(data.resolve("artifacts/.litter/deleted-1/objects/x"), "half");
        store = new FileArtifactStore(data);
        assertThat(files()).isEmpty();
    }

    @Test
    void deletingAConversationDeletesItsFilesAndNobodyElses() throws IOException {
        store.put("v1", "c_1", "a", bytes("same"));
        store.keepOutput("v1", "c_1", "stdout", 0, ByteBuffer.wrap(new byte[] {1}));
        Artifact kept = store.put("v2", "c_1", "a", bytes("same"));
        store.delete("v1");
        store.delete("v1");
        assertThat(store.list("v1")).isEmpty();
        assertThat(content("v2", kept.id())).isEqualTo("same");
        assertThat(files()).hasSize(2);
    }

    @Test
    void idsNeverLeaveTheDirectory() throws IOException {
        for (String id : List.of("..", "a/b", "", "a\0b", ".litter")) {
            assertThatThrownBy(() -> store.list(id)).isInstanceOf(IllegalArgumentException.class);
            assertThat(store.find("v1", id)).isEmpty();
            assertThat(store.find(id, "a1")).isEmpty();
            assertThatThrownBy(() -> store.delete(id)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void outputIsKeptByOffsetInAnyOrder() throws IOException {
        store.keepOutput("v1", "c_1", "stdout", 4, ByteBuffer.wrap("efgh".getBytes(StandardCharsets.UTF_8)));
        store.keepOutput("v1", "c_1", "stdout", 2, ByteBuffer.wrap("cdef".getBytes(StandardCharsets.UTF_8)));
        assertThat(store.keptOutput("v1", "c_1", "stdout", 2, 100)).asString().isEqualTo("cdefgh");
        assertThat(store.keptOutput("v1", "c_1", "stdout", 5, 2)).asString().isEqualTo("fg");
        assertThat(store.keptOutput("v1", "c_1", "stdout", 8, 2)).isEmpty();
        assertThat(store.keptOutput("v1", "c_1", "stdout", 80, 2)).isEmpty();
        assertThat(store.keptOutput("v1", "c_1", "stderr", 0, 2)).isEmpty();
    }
}
