package org.rungpt.api.model;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a model is asked.
 *
 * @param model the model's id at the server, without the connection's name
 * @param messages the conversation so far, the system message first
 * @param tools native tools; empty for calls written as tags
 * @param maxTokens upper bound of the answer; null for the server's own
 */
public record ModelRequest(
        String model,
        List<ModelMessage> messages,
        List<Tool> tools,
        @Nullable Integer maxTokens) {
    /** A native tool: {@code parameters} is a JSON Schema as text. */
    public record Tool(String name, String description, String parameters) {}

    public ModelRequest {
        Objects.requireNonNull(model, "model");
        messages = List.copyOf(messages);
        tools = List.copyOf(tools);
    }
}
