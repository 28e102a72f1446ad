package org.rungpt.chat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.EventType;

/**
 * What events of one conversation are found by: messages and outputs of calls, whole, with the event that ends them, since they are stored in
 * pieces. Sees every event in order. One thread at a time.
 */
final class SearchText {
    private static final int LONGEST = 256 * 1024;

    private final Map<String, StringBuilder> open = new HashMap<>();

    /** @return the text that this event is found by; null if by none */
    @Nullable
    String of(String type, ObjectNode data) {
        return switch (type) {
            case EventType.MESSAGE_USER, EventType.MESSAGE_IMPORTED ->
                data.path("text").asText();
            case EventType.MESSAGE_TEXT -> {
                if (data.path("channel").asText("answer").equals("answer")) {
                    add(data.path("message").asText(), data.path("text").asText());
                }
                yield null;
            }
            case EventType.CALL_REQUESTED -> {
                add(data.path("call").asText(), data.path("task").asText() + " " + data.path("arguments") + "\n");
                yield null;
            }
            case EventType.CALL_OUTPUT -> {
                add(data.path("call").asText(), data.path("text").asText());
                yield null;
            }
            case EventType.MESSAGE_FINISHED -> {
                String text = end(data.path("message").asText());
                yield data.path("reason").asText().equals("superseded") ? null : text;
            }
            case EventType.CALL_FINISHED -> end(data.path("call").asText());
            default -> null;
        };
    }

    private void add(String id, String text) {
        StringBuilder whole = open.computeIfAbsent(id, key -> new StringBuilder());
        int room = LONGEST - whole.length();
        whole.append(text, 0, Math.max(0, Math.min(text.length(), room)));
    }

    private @Nullable String end(String id) {
        StringBuilder whole = open.remove(id);
        return whole == null ? null : whole.toString();
    }
}
