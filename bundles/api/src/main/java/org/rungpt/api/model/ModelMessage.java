package org.rungpt.api.model;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One message of a request, as chat completion servers know them.
 *
 * @param role who speaks
 * @param content what is said; may be empty for an assistant that only calls
 * @param toolCalls native calls of an assistant
 * @param toolCallId which native call a {@code TOOL} message answers; null otherwise
 */
public record ModelMessage(
        Role role,
        List<ContentPart> content,
        List<ToolCall> toolCalls,
        @Nullable String toolCallId) {
    /** Who speaks. */
    public enum Role {
        SYSTEM,
        USER,
        ASSISTANT,
        TOOL
    }

    /** A native call: {@code arguments} is a JSON object as text. */
    public record ToolCall(String id, String name, String arguments) {}

    public ModelMessage {
        Objects.requireNonNull(role, "role");
        content = List.copyOf(content);
        toolCalls = List.copyOf(toolCalls);
    }

    /** A message of text. */
    public static ModelMessage text(Role role, String text) {
        return new ModelMessage(role, List.of(new ContentPart.Text(text)), List.of(), null);
    }

    /** All of its text. */
    public String text() {
        if (content.size() == 1 && content.get(0) instanceof ContentPart.Text only) {
            return only.text();
        }
        var all = new StringBuilder();
        for (ContentPart part : content) {
            if (part instanceof ContentPart.Text text) {
                all.append(text.text());
            }
        }
        return all.toString();
    }
}
