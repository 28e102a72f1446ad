package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which volume is the workspace of which conversation. A file and no label, because a volume of the pool exists before anybody
 * knows whose it will be, and labels cannot change. Any thread.
 */
final class Workspaces {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private final Map<String, String> volumes = new LinkedHashMap<>();

    Workspaces(Path data) throws IOException {
        this.file = data.resolve("workspaces.json");
        try {
            JsonNode root = JSON.readTree(Files.readAllBytes(file));
            root.path("volumes")
                    .fields()
                    .forEachRemaining(entry ->
                            volumes.put(entry.getKey(), entry.getValue().asText()));
        } catch (NoSuchFileException e) {
            // The first start.
        } catch (IOException e) {
            throw new IOException(
                    file + " cannot be read ("
                            + EngineFailures.line(e) + "); "
                            + "put it back from a backup, or delete it and all workspaces start empty",
                    e);
        }
    }

    synchronized @Nullable String volumeOf(String conversation) {
        return volumes.get(conversation);
    }

    synchronized @Nullable String conversationOf(String volume) {
        return volumes.entrySet().stream()
                .filter(entry -> entry.getValue().equals(volume))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(null);
    }

    synchronized Set<String> volumes() {
        return new HashSet<>(volumes.values());
    }

    /** Durable when it returns. */
    synchronized void bind(String conversation, String volume) throws IOException {
        if (!volumes.containsKey(conversation)) {
            // It is empty: whatever comes into it is recorded.
            JournalFiles.begin(file.resolveSibling(""), conversation);
        }
        volumes.put(conversation, volume);
        write();
    }

    /** @return the volume that it had */
    synchronized @Nullable String unbind(String conversation) throws IOException {
        String volume = volumes.remove(conversation);
        if (volume != null) {
            write();
        }
        return volume;
    }

    private void write() throws IOException {
        ObjectNode root = JSON.createObjectNode();
        ObjectNode all = root.putObject("volumes");
        volumes.forEach(all::put);
        AtomicFile.write(file, JSON.writeValueAsBytes(root));
    }
}
