package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * What lies at a path of a workspace.
 *
 * @param kind {@code file}, {@code dir}, {@code link} or {@code other} (pipes, sockets, devices)
 * @param size in bytes; 0 for what is no file
 * @param hash SHA-256 of a file's content; null if it is too large to be looked at, and for what is no file
 * @param target of a link
 * @param stamp when a file that is too large was written
 */
record JournalEntry(
        String kind,
        int mode,
        int uid,
        int gid,
        long size,
        @Nullable String hash,
        @Nullable String target,
        @Nullable String stamp) {
    boolean isFile() {
        return kind.equals("file");
    }

    boolean isDirectory() {
        return kind.equals("dir");
    }

    /** Whether it is the same, whoever owns it: owners change when a share makes the sandbox run as somebody else. */
    static boolean isSame(@Nullable JournalEntry one, @Nullable JournalEntry other) {
        return one == null || other == null ? one == other : one.ownedBy(0, 0).equals(other.ownedBy(0, 0));
    }

    private JournalEntry ownedBy(int user, int group) {
        return new JournalEntry(kind, mode, user, group, size, hash, target, stamp);
    }

    /** Whether it holds the same, whoever owns it. */
    boolean hasContentOf(@Nullable JournalEntry other) {
        return other != null && isFile() && other.isFile() && hash != null && hash.equals(other.hash());
    }

    static JournalEntry read(JsonNode node) {
        return new JournalEntry(
                node.path("k").asText("other"),
                node.path("m").asInt(),
                node.path("u").asInt(),
                node.path("g").asInt(),
                Math.max(0, node.path("s").asLong()),
                node.path("h").textValue(),
                node.path("t").textValue(),
                node.path("x").textValue());
    }

    ObjectNode json() {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("k", kind).put("m", mode).put("u", uid).put("g", gid).put("s", size);
        if (hash != null) {
            node.put("h", hash);
        }
        if (target != null) {
            node.put("t", target);
        }
        if (stamp != null) {
            node.put("x", stamp);
        }
        return node;
    }
}
