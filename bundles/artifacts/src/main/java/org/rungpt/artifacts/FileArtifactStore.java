package org.rungpt.artifacts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.rungpt.api.artifact.Artifact;
import org.rungpt.api.artifact.ArtifactStore;
import org.rungpt.files.Directories;
import org.rungpt.files.PrivateFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Artifacts as files, a directory for each conversation: {@code objects/} holds contents by their hash, {@code files/} one small JSON
 * document for each artifact, {@code output/} what calls said beyond what the log keeps. A content is whole and durable before a
 * document names it; a directory that is to be deleted gets another name first. So a crash leaves litter at most, which the next start removes.
 */
@Component(service = ArtifactStore.class)
public final class FileArtifactStore implements ArtifactStore {
    private static final Logger LOG = LoggerFactory.getLogger(FileArtifactStore.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final String LITTER = ".litter";

    private final Path root;
    private final Path litter;

    @Activate
    public FileArtifactStore() throws IOException {
        this(Path.of(System.getProperty("rungpt.data", System.getProperty("user.home") + "/.rungpt")));
    }

    FileArtifactStore(Path data) throws IOException {
        root = data.resolve("artifacts");
        litter = root.resolve(LITTER);
        PrivateFiles.makeOwnDirectory(root);
        Directories.delete(litter);
        PrivateFiles.makeOwnDirectory(litter);
    }

    @Override
    public Artifact put(String conversation, String call, String name, InputStream bytes) throws IOException {
        Path home = home(conversation);
        String harmless = Names.harmless(name);
        Path incoming = litter.resolve("in-" + UUID.randomUUID());
        PrivateFiles.makeFile(incoming);
        try {
            Received received = receive(incoming, bytes);
            // The same file of the same call is the same artifact, also when a crash made us ask for it twice.
            String id = "f_"
                    + hash(call + "\n" + harmless + "\n" + received.sha256()).substring(0, 24);
            Path document = document(home, id);
            if (Files.exists(document)) {
                return read(document);
            }
            var artifact = new Artifact(
                    id,
                    checked("call", call),
                    harmless,
                    received.mediaType(),
                    received.size(),
                    received.sha256(),
                    Instant.now());
            Path object = object(home, received.sha256());
            PrivateFiles.makeDirectories(object.resolveSibling(""));
            PrivateFiles.makeDirectories(document.resolveSibling(""));
            Files.move(incoming, object, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            PrivateFiles.sync(object.resolveSibling(""));
            PrivateFiles.replace(document, json(artifact));
            return artifact;
        } finally {
            Files.deleteIfExists(incoming);
        }
    }

    private record Received(long size, String sha256, String mediaType) {}

    private static Received receive(Path to, InputStream bytes) throws IOException {
        MessageDigest digest = sha256();
        byte[] head = new byte[0];
        long size = 0;
        try (FileChannel channel = FileChannel.open(to, StandardOpenOption.WRITE)) {
            byte[] buffer = new byte[64 << 10];
            for (int count = bytes.read(buffer); count >= 0; count = bytes.read(buffer)) {
                if (head.length < MediaTypes.HEAD) {
                    int more = Math.min(count, MediaTypes.HEAD - head.length);
                    byte[] longer = Arrays.copyOf(head, head.length + more);
                    System.arraycopy(buffer, 0, longer, head.length, more);
                    head = longer;
                }
                digest.update(buffer, 0, count);
                ByteBuffer rest = ByteBuffer.wrap(buffer, 0, count);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
                size += count;
            }
            channel.force(true);
        }
        return new Received(size, HexFormat.of().formatHex(digest.digest()), MediaTypes.of(head));
    }

    @Override
    public List<Artifact> list(String conversation) throws IOException {
        Path directory = home(conversation).resolve("files");
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        List<Path> documents;
        try (Stream<Path> files = Files.list(directory)) {
            documents = files.filter(file -> file.toString().endsWith(".json")).toList();
        }
        List<Artifact> artifacts = new ArrayList<>();
        for (Path document : documents) {
            try {
                artifacts.add(read(document));
            } catch (NoSuchFileException e) {
                LOG.debug("{} was deleted meanwhile", document);
            }
        }
        artifacts.sort(Comparator.comparing(Artifact::created).thenComparing(Artifact::name));
        return artifacts;
    }

    @Override
    public Optional<Artifact> find(String conversation, String artifact) throws IOException {
        if (!ID.matcher(conversation).matches() || !ID.matcher(artifact).matches()) {
            return Optional.empty();
        }
        Path document = document(home(conversation), artifact);
        return Files.exists(document) ? Optional.of(read(document)) : Optional.empty();
    }

    @Override
    public SeekableByteChannel open(String conversation, String artifact) throws IOException {
        Path home = home(conversation);
        return Files.newByteChannel(object(home, read(document(home, artifact)).sha256()), StandardOpenOption.READ);
    }

    @Override
    public void keepOutput(String conversation, String call, String stream, long offset, ByteBuffer bytes)
            throws IOException {
        Path file = output(conversation, call, stream);
        if (!Files.exists(file)) {
            PrivateFiles.makeDirectories(file.resolveSibling(""));
            try {
                PrivateFiles.makeFile(file);
            } catch (FileAlreadyExistsException e) {
                LOG.debug("{} was made meanwhile", file);
            }
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            ByteBuffer rest = bytes.duplicate();
            long at = offset;
            while (rest.hasRemaining()) {
                at += channel.write(rest, at);
            }
        }
    }

    @Override
    public byte[] keptOutput(String conversation, String call, String stream, long offset, int length)
            throws IOException {
        try (FileChannel channel = FileChannel.open(output(conversation, call, stream), StandardOpenOption.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.max(0, Math.min(length, channel.size() - offset)));
            while (bytes.hasRemaining() && channel.read(bytes, offset + bytes.position()) >= 0) {
                // More of it.
            }
            return Arrays.copyOf(bytes.array(), bytes.position());
        } catch (NoSuchFileException e) {
            return new byte[0];
        }
    }

    @Override
    public void delete(String conversation) throws IOException {
        Path home = home(conversation);
        String doomed = "deleted-" + conversation + ".";
        if (Files.exists(home)) {
            Files.move(home, litter.resolve(doomed + UUID.randomUUID()), StandardCopyOption.ATOMIC_MOVE);
            PrivateFiles.sync(root);
        }
        List<Path> left;
        try (Stream<Path> files = Files.list(litter)) {
            left = files.filter(file -> file.getFileName().toString().startsWith(doomed))
                    .toList();
        }
        for (Path one : left) {
            Directories.delete(one);
        }
    }

    private Path home(String conversation) {
        return root.resolve(checked("conversation", conversation));
    }

    private static Path document(Path home, String artifact) {
        return home.resolve("files").resolve(checked("artifact", artifact) + ".json");
    }

    private static Path object(Path home, String sha256) {
        return home.resolve("objects").resolve(checked("object", sha256));
    }

    private Path output(String conversation, String call, String stream) {
        return home(conversation).resolve("output").resolve(checked("call", call) + "." + checked("stream", stream));
    }

    /** Ids become names of files. */
    private static String checked(String what, String id) {
        if (!ID.matcher(id).matches()) {
            throw new IllegalArgumentException("no id of a " + what + ": 1 to 64 of A-Z a-z 0-9 _ -");
        }
        return id;
    }

    private static byte[] json(Artifact artifact) throws IOException {
        return JSON.writeValueAsBytes(JSON.createObjectNode()
                .put("id", artifact.id())
                .put("call", artifact.call())
                .put("name", artifact.name())
                .put("mediaType", artifact.mediaType())
                .put("size", artifact.size())
                .put("sha256", artifact.sha256())
                .put("created", artifact.created().toString()));
    }

    private static Artifact read(Path document) throws IOException {
        JsonNode node = JSON.readTree(Files.readAllBytes(document));
        try {
            return new Artifact(
                    text(node, "id"),
                    text(node, "call"),
                    text(node, "name"),
                    text(node, "mediaType"),
                    node.path("size").asLong(),
                    text(node, "sha256"),
                    Instant.parse(text(node, "created")));
        } catch (RuntimeException e) {
            throw new IOException(document + " is damaged: " + e.getMessage(), e);
        }
    }

    private static String text(JsonNode node, String field) throws IOException {
        @Nullable String text = node.path(field).textValue();
        if (text == null) {
            throw new IOException("\"" + field + "\" is missing");
        }
        return text;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String hash(String text) {
        return HexFormat.of().formatHex(sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
    }
}
