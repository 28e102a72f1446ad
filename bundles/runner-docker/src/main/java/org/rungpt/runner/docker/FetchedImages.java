package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.rungpt.files.PrivateFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which images came to the engine by this installation though it did not make them, and when they were of use last. What is not noted
 * here is somebody else's. Any thread.
 */
final class FetchedImages {
    private static final Logger LOG = LoggerFactory.getLogger(FetchedImages.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    /** How exactly it is noted when one was of use. */
    private static final Duration COARSE = Duration.ofHours(1);

    private final Path file;
    private final TreeMap<String, Long> lastUsed = new TreeMap<>();

    FetchedImages(Path data) {
        file = data.resolve("fetched-images.json");
        try {
            if (Files.exists(file)) {
                JSON.readTree(Files.readAllBytes(file)).fields().forEachRemaining(this::take);
            }
        } catch (IOException e) {
            // Then they are nobody's, and stay.
            LOG.warn("What images were fetched is not known: {}", EngineFailures.line(e));
        }
    }

    private void take(Map.Entry<String, JsonNode> entry) {
        lastUsed.put(entry.getKey(), entry.getValue().asLong());
    }

    /** It was fetched now. */
    synchronized void add(String reference) {
        lastUsed.put(reference, Instant.now().getEpochSecond());
        write();
    }

    /** It is of use now, and came to the engine for this installation. */
    synchronized void addOrUse(String reference) {
        if (lastUsed.containsKey(reference)) {
            use(reference);
        } else {
            add(reference);
        }
    }

    /** It is of use now; if it was not fetched by us, that is nothing to us. */
    synchronized void use(String reference) {
        Long last = lastUsed.get(reference);
        long now = Instant.now().getEpochSecond();
        if (last != null && now - last > COARSE.toSeconds()) {
            lastUsed.put(reference, now);
            write();
        }
    }

    synchronized void remove(String reference) {
        if (lastUsed.remove(reference) != null) {
            write();
        }
    }

    synchronized Set<String> all() {
        return Set.copyOf(lastUsed.keySet());
    }

    /** Those that nothing has used since then. */
    synchronized Set<String> unusedSince(Instant since) {
        TreeMap<String, Long> unused = new TreeMap<>(lastUsed);
        unused.values().removeIf(last -> last > since.getEpochSecond());
        return Set.copyOf(unused.keySet());
    }

    private void write() {
        ObjectNode json = JSON.createObjectNode();
        lastUsed.forEach(json::put);
        try {
            PrivateFiles.replace(file, JSON.writeValueAsBytes(json));
        } catch (IOException e) {
            LOG.warn("What images were fetched could not be noted: {}", EngineFailures.line(e));
        }
    }
}
