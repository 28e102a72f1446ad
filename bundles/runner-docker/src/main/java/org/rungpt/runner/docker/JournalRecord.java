package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one call changed.
 *
 * @param id of the call, or of a revert
 * @param together calls that ran at the same time
 * @param note what could not be recorded; null if all was
 * @param changes by path
 */
record JournalRecord(
        String id, List<String> together, @Nullable String note, Map<String, Change> changes) {
    /** What lay there before and what lies there after; null for nothing. */
    record Change(@Nullable JournalEntry before, @Nullable JournalEntry after) {
        Change reversed() {
            return new Change(/* before= */ after, /* after= */ before);
        }
    }

    JournalRecord {
        together = List.copyOf(together);
        changes = new TreeMap<>(changes);
    }

    static JournalRecord read(JsonNode node) {
        Map<String, Change> changes = new TreeMap<>();
        for (JsonNode change : node.path("changes")) {
            changes.put(change.path("p").asText(), new Change(entry(change.get("before")), entry(change.get("after"))));
        }
        List<String> together = new ArrayList<>();
        node.path("together").forEach(call -> together.add(call.asText()));
        return new JournalRecord(
                node.path("id").asText(), together, node.path("note").textValue(), changes);
    }

    private static @Nullable JournalEntry entry(@Nullable JsonNode node) {
        return node == null ? null : JournalEntry.read(node);
    }

    ObjectNode json() {
        ObjectNode node = JsonNodeFactory.instance.objectNode().put("id", id);
        ArrayNode others = node.putArray("together");
        together.forEach(others::add);
        if (note != null) {
            node.put("note", note);
        }
        ArrayNode all = node.putArray("changes");
        changes.forEach((path, change) -> {
            ObjectNode one = all.addObject().put("p", path);
            if (change.before() != null) {
                one.set("before", change.before().json());
            }
            if (change.after() != null) {
                one.set("after", change.after().json());
            }
        });
        return node;
    }
}
