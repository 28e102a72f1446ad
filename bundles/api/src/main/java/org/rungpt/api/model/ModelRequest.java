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
    /**
     * A native tool.
     *
     * @param name letters, digits, dashes and underscores, at most 64
     * @param parameters a JSON Schema as text
     * @param strict whether the schema is one that servers can hold a model to: every object closed, every property required
     */
    public record Tool(String name, String description, String parameters, boolean strict) {}

    public ModelRequest {
        Objects.requireNonNull(model, "model");
        messages = List.copyOf(messages);
        tools = List.copyOf(tools);
    }
}
