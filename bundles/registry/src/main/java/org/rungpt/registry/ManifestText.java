package org.rungpt.registry;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;

/** Looks at every text and number of a manifest, wherever it stands: people and models read them. */
final class ManifestText {
    private static final Set<String> WITH_LINES =
            Set.of("description", "constraints", "help", "why", "default", "const");

    private ManifestText() {}

    static void check(JsonNode node, String key, Problems problems) {
        check(node, key, "", problems);
    }

    private static void check(JsonNode node, String key, String name, Problems problems) {
        if (node.isObject()) {
            node.fields().forEachRemaining(member -> {
                String inner = Keys.member(key, member.getKey());
                checkText(member.getKey(), inner, false, problems);
                check(member.getValue(), inner, member.getKey(), problems);
            });
        } else if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                check(node.get(i), Keys.item(key, i), name, problems);
            }
        } else if (node.isTextual()) {
            checkText(node.asText(), key, WITH_LINES.contains(name) || key.contains("examples["), problems);
        } else if (node.isNumber() && !Double.isFinite(node.asDouble())) {
            problems.key(key, "is a number out of range");
        }
    }

    private static void checkText(String text, String key, boolean lines, Problems problems) {
        OptionalInt harmful = Characters.firstHarmful(text, lines);
        if (harmful.isPresent()) {
            problems.key(key, String.format("holds the control or invisible character U+%04X", harmful.getAsInt()));
        }
        String lower = text.toLowerCase(Locale.ROOT);
        if (lower.contains("<run-") || lower.contains("</run-")) {
            problems.key(key, "holds <run-, which looks like a call: say it in other words");
        }
    }
}
