package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.files.PrivateFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which volume is the workspace of which conversation. A file and no label, because a volume of the pool exists before anybody
 * knows whose it will be, and labels cannot change. Any thread.
 */
final class Workspaces {
    private static final Logger LOG = LoggerFactory.getLogger(Workspaces.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private final Map<String, String> volumes = new LinkedHashMap<>();

    /** Those of deleted conversations, which are named, until they are removed: no other conversation may ever find them. */
    private final Map<String, String> doomed = new LinkedHashMap<>();

    /** Of which nobody knows whose they are. */
    private final Set<String> ownerless = new LinkedHashSet<>();

    private boolean lost;

    /** @param isNew whether there can be no workspaces yet */
    Workspaces(Path data, boolean isNew) throws IOException {
        this.file = data.resolve("workspaces.json");
        try {
            JsonNode root = JSON.readTree(Files.readAllBytes(file));
            root.path("volumes")
                    .fields()
                    .forEachRemaining(entry ->
                            volumes.put(entry.getKey(), entry.getValue().asText()));
            root.path("ownerless").forEach(volume -> ownerless.add(volume.asText()));
            root.path("doomed")
                    .fields()
                    .forEachRemaining(
                            entry -> doomed.put(entry.getKey(), entry.getValue().asText()));
        } catch (NoSuchFileException e) {
            lost = !isNew;
            if (isNew) {
                write();
            }
        } catch (IOException e) {
            throw new IOException(
                    file + " cannot be read ("
                            + EngineFailures.line(e) + "); "
                            + "put it back from a backup, or delete it: workspaces that tell whose they are are found again",
                    e);
        }
    }

    /** Whether the file is not there though there may be workspaces. */
    synchronized boolean isLost() {
        return lost;
    }

    /** The file was lost: all volumes stay, and those that tell whose they are go back to their conversations. */
    synchronized void recover(Map<String, String> conversationsByVolume) throws IOException {
        conversationsByVolume.forEach((volume, conversation) -> {
            if (conversationOf(volume) == null
                    && (conversation.isEmpty() || volumes.putIfAbsent(conversation, volume) != null)) {
                ownerless.add(volume);
            }
        });
        write();
        lost = false;
        if (!conversationsByVolume.isEmpty()) {
            LOG.warn(
                    "{} was not there: {} workspaces were found again, and {} volumes of which nobody knows whose they are"
                            + " stay ({}). Put the file back from a backup, or remove them by docker volume rm.",
                    file,
                    volumes.size(),
                    ownerless.size(),
                    String.join(", ", ownerless));
        }
    }

    /** Whether a volume must not be removed. */
    synchronized boolean isNeeded(String volume) {
        return lost || ownerless.contains(volume) || volumes.containsValue(volume);
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
        Set<String> all = new HashSet<>(volumes.values());
        all.addAll(ownerless);
        return all;
    }

    /** Durable when it returns. */
    synchronized void bind(String conversation, String volume) throws IOException {
        if (!volumes.containsKey(conversation)) {
            // It is empty: whatever comes into it is recorded.
            JournalFiles.begin(file.resolveSibling(""), conversation);
        }
        volumes.put(conversation, volume);
        if (!lost) {
            write();
        } // else with all that is found again
    }

    /** The conversation is no more, and its volume is to be removed. Durable when it returns. @return the volume that it had */
    synchronized @Nullable String unbind(String conversation) throws IOException {
        String volume = volumes.remove(conversation);
        if (volume != null) {
            doomed.put(volume, conversation);
            if (!lost) {
                write();
            }
        }
        return volume;
    }

    /** Whether its conversation was deleted. */
    synchronized boolean isDoomed(String volume) {
        return doomed.containsKey(volume);
    }

    /** The deleted conversations whose volumes are not removed yet. */
    synchronized Set<String> doomedConversations() {
        return new LinkedHashSet<>(doomed.values());
    }

    /** The volume of a deleted conversation is no more. */
    synchronized void removed(String volume) throws IOException {
        if (doomed.remove(volume) != null && !lost) {
            write();
        }
    }

    /** Forgets the volumes of deleted conversations that are no more. */
    synchronized void keepDoomed(Set<String> there) throws IOException {
        if (doomed.keySet().retainAll(there) && !lost) {
            write();
        }
    }

    private void write() throws IOException {
        ObjectNode root = JSON.createObjectNode();
        ObjectNode all = root.putObject("volumes");
        volumes.forEach(all::put);
        if (!ownerless.isEmpty()) {
            ArrayNode rest = root.putArray("ownerless");
            ownerless.forEach(rest::add);
        }
        if (!doomed.isEmpty()) {
            ObjectNode rest = root.putObject("doomed");
            doomed.forEach(rest::put);
        }
        PrivateFiles.replace(file, JSON.writeValueAsBytes(root));
    }
}
