package org.rungpt.chat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.rungpt.api.artifact.Artifact;
import org.rungpt.api.artifact.ArtifactStore;

/** Keeps what calls leave in memory, for tests; whatever is called so is a picture or a PDF. */
final class LeftFiles implements ArtifactStore {
    final List<Artifact> artifacts = new ArrayList<>();
    final Map<String, byte[]> contents = new TreeMap<>();
    final Map<String, ByteArrayOutputStream> output = new TreeMap<>();
    volatile String failure;
    final List<String> deleted = new ArrayList<>();
    private final Set<String> homes = new HashSet<>();
    private final Map<String, Long> begins = new TreeMap<>();

    @Override
    public synchronized Artifact put(String conversation, String call, String name, InputStream bytes)
            throws IOException {
        byte[] content = bytes.readAllBytes();
        String id = "f_" + name.hashCode();
        var artifact = new Artifact(id, call, name, mediaType(name), content.length, "0", Instant.now());
        artifacts.add(artifact);
        homes.add(conversation + "/" + id);
        contents.put(id, content);
        return artifact;
    }

    @Override
    public synchronized List<Artifact> list(String conversation) {
        return List.copyOf(artifacts);
    }

    @Override
    public synchronized Optional<Artifact> find(String conversation, String artifact) {
        return artifacts.stream()
                .filter(one -> one.id().equals(artifact) && homes.contains(conversation + "/" + artifact))
                .findFirst();
    }

    @Override
    public synchronized SeekableByteChannel open(String conversation, String artifact) throws IOException {
        Path file = Files.createTempFile("left", null);
        Files.write(file, contents.get(artifact));
        return Files.newByteChannel(file, java.nio.file.StandardOpenOption.DELETE_ON_CLOSE);
    }

    @Override
    public synchronized void keepOutput(
            String conversation, String call, String stream, long offset, ByteBuffer bytes) {
        String key = call + "/" + stream;
        begins.putIfAbsent(key, offset);
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        output.computeIfAbsent(key, name -> new ByteArrayOutputStream()).writeBytes(copy);
    }

    @Override
    public synchronized byte[] keptOutput(String conversation, String call, String stream, long offset, int length) {
        String key = call + "/" + stream;
        byte[] all = output.getOrDefault(key, new ByteArrayOutputStream()).toByteArray();
        int from = (int) (offset - begins.getOrDefault(key, 0L));
        return from < 0 || from >= all.length
                ? new byte[0]
                : Arrays.copyOfRange(all, from, Math.min(all.length, from + length));
    }

    @Override
    public synchronized void delete(String conversation) throws IOException {
        if (failure != null) {
            throw new IOException(failure);
        }
        deleted.add(conversation);
        homes.removeIf(home -> home.startsWith(conversation + "/"));
    }

    private static String mediaType(String name) {
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "png" -> "image/png";
            case "pdf" -> "application/pdf";
            case "wav" -> "audio/wav";
            case "mp3" -> "audio/mpeg";
            default -> "text/plain";
        };
    }
}
