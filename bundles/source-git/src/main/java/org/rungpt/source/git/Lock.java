package org.rungpt.source.git;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionId;
import org.rungpt.files.PrivateFiles;

/** {@code rungpt.lock}: which version of each action is in use. Whoever replaces this file switches. */
final class Lock {
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /**
     * A version that lies on disk.
     *
     * @param label what people call it
     * @param commit the full commit
     * @param contentHash of its files
     */
    record Version(String label, String commit, String contentHash) {}

    /**
     * An installed action.
     *
     * @param requested the version as the user wrote it; null for the default branch
     * @param current the version in use
     * @param previous the one before, still on disk; null if there is none
     * @param definitionHash SHA-256 of the manifest in use
     */
    record Entry(
            ActionId id,
            @Nullable String requested,
            Version current,
            @Nullable Version previous,
            String definitionHash,
            String alias,
            Instant installed) {}

    private final Path file;

    Lock(Path file) {
        this.file = file;
    }

    /** @throws IOException if it cannot be read or is none; one line that says what to do */
    SortedMap<ActionId, Entry> read() throws IOException {
        SortedMap<ActionId, Entry> entries = new TreeMap<>();
        try {
            JsonNode root = MAPPER.readTree(Files.readAllBytes(file));
            if (root.path("schema").asInt() != 1 || !root.path("actions").isArray()) {
                throw new IOException(
                        file + " is no lock of schema 1: repair it, or remove it and install the actions again");
            }
            for (JsonNode node : root.path("actions")) {
                Entry entry = entry(node);
                entries.put(entry.id(), entry);
            }
        } catch (NoSuchFileException e) {
            return entries;
        } catch (JsonProcessingException | IllegalArgumentException | DateTimeParseException e) {
            throw new IOException(file + " is damaged: repair it, or remove it and install the actions again", e);
        }
        return entries;
    }

    private static Entry entry(JsonNode node) {
        return new Entry(
                new ActionId(text(node, "id")),
                node.path("requested").isTextual() ? node.path("requested").asText() : null,
                version(node.path("current")),
                node.path("previous").isObject() ? version(node.path("previous")) : null,
                text(node, "definitionHash"),
                text(node, "alias"),
                Instant.parse(text(node, "installed")));
    }

    private static Version version(JsonNode node) {
        String commit = text(node, "commit");
        if (!commit.matches("[0-9a-f]{40}")) {
            throw new IllegalArgumentException("no commit: " + commit);
        }
        return new Version(text(node, "version"), commit, text(node, "contentHash"));
    }

    private static String text(JsonNode node, String key) {
        if (!node.path(key).isTextual()) {
            throw new IllegalArgumentException(key + " is missing");
        }
        return node.path(key).asText();
    }

    /** Replaces the file: after a crash it is the old or the new one. */
    void write(Map<ActionId, Entry> entries) throws IOException {
        ObjectNode root = MAPPER.createObjectNode().put("schema", 1);
        ArrayNode actions = root.putArray("actions");
        for (Entry entry : entries.values()) {
            ObjectNode node = actions.addObject()
                    .put("id", entry.id().value())
                    .put("alias", entry.alias())
                    .put("requested", entry.requested());
            node.set("current", json(entry.current()));
            Version previous = entry.previous();
            if (previous != null) {
                node.set("previous", json(previous));
            }
            node.put("definitionHash", entry.definitionHash())
                    .put("installed", entry.installed().toString());
        }
        PrivateFiles.replace(file, MAPPER.writeValueAsBytes(root));
    }

    private static ObjectNode json(Version version) {
        return MAPPER.createObjectNode()
                .put("version", version.label())
                .put("commit", version.commit())
                .put("contentHash", version.contentHash());
    }
}
