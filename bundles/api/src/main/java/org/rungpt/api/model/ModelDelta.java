package org.rungpt.api.model;

import org.jspecify.annotations.Nullable;

/** A piece of a streamed answer. */
public sealed interface ModelDelta {
    /** A piece of the answer's text. */
    record Text(String text) implements ModelDelta {}

    /** A piece of the model's reasoning, which is shown apart and never searched for calls. */
    record Reasoning(String text) implements ModelDelta {}

    /** A piece of a native call; id and name come with its first piece. */
    record ToolCall(
            int index, @Nullable String id, @Nullable String name, String arguments) implements ModelDelta {}
}
