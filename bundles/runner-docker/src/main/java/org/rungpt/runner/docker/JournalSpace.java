package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How much room the journals of all workspaces take on the host's disk, and whose oldest contents give way. Any thread. */
final class JournalSpace {
    private final Path data;
    private final long most;
    /** Bytes of each conversation, the longest unused first; null until the disk was looked at. */
    private @Nullable Map<String, Long> sizes;

    /** What a conversation is to give up. */
    record Surplus(String conversation, long bytes) {}

    /** @param most bytes of all together */
    JournalSpace(Path data, long most) {
        this.data = data;
        this.most = most;
    }

    long ofAll() {
        return most;
    }

    /** How many bytes one conversation may take. */
    long ofOne() {
        return Math.min(JournalFiles.LARGEST_IN_ALL, most);
    }

    private Map<String, Long> sizes() throws IOException {
        Map<String, Long> known = sizes;
        if (known == null) {
            known = new LinkedHashMap<>(JournalFiles.sizes(data));
            sizes = known;
        }
        return known;
    }

    /** A call of the conversation was recorded. */
    synchronized void used(String conversation, long bytes) throws IOException {
        Map<String, Long> all = sizes();
        all.remove(conversation);
        all.put(conversation, bytes);
    }

    /** It was not used, only made smaller. */
    synchronized void changed(String conversation, long bytes) throws IOException {
        sizes().replace(conversation, bytes);
    }

    synchronized void forget(String conversation) {
        if (sizes != null) {
            sizes.remove(conversation);
        }
    }

    /** Null if there is room. */
    synchronized @Nullable Surplus surplus() throws IOException {
        long total = sizes().values().stream().mapToLong(Long::longValue).sum();
        if (total <= most) {
            return null;
        }
        // Rather more at once than a little with each call.
        long wanted = total - most + most / 8;
        return sizes().entrySet().stream()
                .filter(entry -> entry.getValue() > 0)
                .findFirst()
                .map(entry -> new Surplus(entry.getKey(), Math.min(wanted, entry.getValue())))
                .orElse(null);
    }
}
