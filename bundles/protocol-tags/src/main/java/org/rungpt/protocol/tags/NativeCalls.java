package org.rungpt.protocol.tags;

import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.protocol.Segment;

/**
 * Native tool calls that arrive though none were offered: some servers make them out of text that looks like another dialect. They
 * never run; the model is told how calls are written here. Corrections of dialects that arrive as text belong here too.
 */
final class NativeCalls {
    private static final int MAX = 16_384;

    private final StringBuilder written = new StringBuilder();
    private @Nullable String name;

    void add(ModelDelta.ToolCall call) {
        if (call.name() != null && name == null) {
            name = call.name();
        }
        if (call.name() != null) {
            written.append(written.length() == 0 ? "" : "\n")
                    .append(call.name())
                    .append(' ');
        }
        if (written.length() < MAX) {
            written.append(call.arguments(), 0, Math.min(call.arguments().length(), MAX));
        }
    }

    Segment.@Nullable Malformed malformed(String nonce) {
        if (written.length() == 0) {
            return null;
        }
        return new Segment.Malformed(
                null,
                name,
                "This call did not run: it was written as a native tool call. Here a call is text in the answer, beginning with <run-"
                        + nonce + " action=\"…\" id=\"…\"> at the start of a line, as the system message shows.",
                written.toString());
    }
}
