package org.rungpt.api.model;

import java.util.List;
import java.util.Objects;

/**
 * What a model is asked.
 *
 * @param model the model's id at the server, without the connection's name
 * @param messages the conversation so far, the system message first
 * @param tools native tools; empty for calls written as tags
 * @param sampling how the words are chosen
 */
public record ModelRequest(String model, List<ModelMessage> messages, List<Tool> tools, Sampling sampling) {
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
        Objects.requireNonNull(sampling, "sampling");
    }

    /** With words chosen as the server does. */
    public ModelRequest(String model, List<ModelMessage> messages, List<Tool> tools) {
        this(model, messages, tools, Sampling.NONE);
    }
}
