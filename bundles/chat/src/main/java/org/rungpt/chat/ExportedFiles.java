package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.rungpt.api.artifact.Artifact;
import org.rungpt.api.artifact.ArtifactStore;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.EventType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The files that the events of a conversation name, as far as they fit a file of text. */
final class ExportedFiles {
    private static final Logger LOG = LoggerFactory.getLogger(ExportedFiles.class);
    private static final long LARGEST = 8 << 20;
    private static final long LARGEST_TOGETHER = 24 << 20;

    private ExportedFiles() {}

    /** By their ids; those that are too large, or gone, are missing. */
    static ObjectNode of(Services services, String conversation, List<ConversationEvent> events) {
        ObjectNode files = Json.object();
        Optional<ArtifactStore> store = services.artifacts.first();
        if (store.isEmpty()) {
            return files;
        }
        long together = 0;
        for (String id : named(events)) {
            try {
                Artifact artifact = store.get().find(conversation, id).orElse(null);
                if (artifact == null || artifact.size() > LARGEST || together + artifact.size() > LARGEST_TOGETHER) {
                    continue;
                }
                together += artifact.size();
                try (InputStream in = Channels.newInputStream(store.get().open(conversation, id))) {
                    files.putObject(id)
                            .put("call", artifact.call())
                            .put("name", artifact.name())
                            .put("base64", in.readNBytes((int) LARGEST));
                }
            } catch (IOException | IllegalArgumentException e) {
                files.remove(id);
                LOG.warn("A file of {} is left out of the export: {}", conversation, e.getMessage());
            }
        }
        return files;
    }

    private static Set<String> named(List<ConversationEvent> events) {
        Set<String> ids = new LinkedHashSet<>();
        for (ConversationEvent event : events) {
            boolean leaves = event.type().equals(EventType.CALL_ARTIFACT);
            if (leaves || event.data().contains("\"attachments\"")) {
                ObjectNode data = Json.event(event.data());
                if (leaves) {
                    ids.add(data.path("artifact").asText());
                }
                for (JsonNode file : data.path("attachments")) {
                    ids.add(file.path("artifact").asText());
                }
            }
        }
        return ids;
    }
}
