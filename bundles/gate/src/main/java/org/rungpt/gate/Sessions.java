package org.rungpt.gate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.rungpt.files.PrivateFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sessions of browsers. Kept over a restart as hashes in {@code secret/sessions.json}; 30 days after the last use one ends. */
final class Sessions {
    static final Duration LIFE = Duration.ofDays(30);

    private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long TOUCH_MILLIS = Duration.ofHours(12).toMillis();
    private static final int MOST = 200;

    private final Path file;
    private final Clock clock;
    /** Hash of the cookie to the time of its last noted use, in order of that. */
    private final Map<String, Long> used = new LinkedHashMap<>();

    Sessions(Path file, Clock clock) {
        this.file = file;
        this.clock = clock;
        load();
    }

    /** Begins a session: the value of its cookie. */
    synchronized String begin() {
        while (used.size() >= MOST) {
            used.remove(used.keySet().iterator().next());
        }
        String cookie = Secrets.make(32);
        used.put(Secrets.hash(cookie), clock.millis());
        save();
        return cookie;
    }

    synchronized boolean isOpen(String cookie) {
        Long last = used.get(Secrets.hash(cookie));
        return last != null && clock.millis() - last < LIFE.toMillis();
    }

    /** Notes that an open session is used; true if its cookie should be sent anew, so that it lives on in the browser too. */
    synchronized boolean touch(String cookie) {
        String hash = Secrets.hash(cookie);
        Long last = used.get(hash);
        if (last == null || !isOpen(cookie) || clock.millis() - last < TOUCH_MILLIS) {
            return false;
        }
        used.remove(hash);
        used.put(hash, clock.millis());
        save();
        return true;
    }

    synchronized void end(String cookie) {
        if (used.remove(Secrets.hash(cookie)) != null) {
            save();
        }
    }

    private void load() {
        if (!Files.exists(file)) {
            return;
        }
        try {
            PrivateFiles.restrict(file);
            JsonNode kept = JSON.readTree(Files.readAllBytes(file)).path("sessions");
            kept.fields()
                    .forEachRemaining(
                            entry -> used.put(entry.getKey(), entry.getValue().asLong()));
        } catch (IOException e) {
            LOG.warn(
                    "{} cannot be read, everybody has to log in again: {}",
                    file,
                    e.getClass().getSimpleName());
        }
    }

    private void save() {
        used.values().removeIf(last -> clock.millis() - last >= LIFE.toMillis());
        ObjectNode root = JSON.createObjectNode();
        ObjectNode sessions = root.putObject("sessions");
        used.forEach(sessions::put);
        try {
            PrivateFiles.replace(file, JSON.writeValueAsBytes(root));
        } catch (IOException e) {
            LOG.warn("{} cannot be written, sessions end with this server: {}", file, e.toString());
        }
    }
}
