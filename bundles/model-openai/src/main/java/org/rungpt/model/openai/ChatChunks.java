package org.rungpt.model.openai;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.Usage;

/** Reads the chunks of one streamed chat completion. */
final class ChatChunks {
    private final Consumer<ModelDelta> out;
    private final ThinkTags think;
    private @Nullable FinishReason finish;
    private @Nullable Usage usage;

    ChatChunks(Consumer<ModelDelta> out) {
        this.out = out;
        this.think = new ThinkTags(out);
    }

    /** Why the model stopped; null until it says so. */
    @Nullable
    FinishReason finish() {
        return finish;
    }

    /** The answer has ended: what was held back is told. */
    void end() {
        think.end();
    }

    @Nullable
    Usage usage() {
        return usage;
    }

    /** Takes a chunk of a stream, or a whole completion of a server that does not stream. */
    void read(JsonNode chunk) {
        JsonNode counted = chunk.path("usage");
        if (counted.isObject()) {
            usage = new Usage(
                    counted.path("prompt_tokens").asLong(0),
                    counted.path("completion_tokens").asLong(0),
                    false,
                    counted.path("prompt_tokens_details").path("cached_tokens").asLong(0));
        }
        for (JsonNode choice : chunk.path("choices")) {
            if (choice.path("index").asInt(0) == 0) {
                delta(choice.hasNonNull("delta") ? choice.get("delta") : choice.path("message"));
                if (choice.path("finish_reason").isTextual()) {
                    finish = finish(choice.path("finish_reason").asText());
                }
            }
        }
    }

    private void delta(JsonNode delta) {
        JsonNode reasoning = delta.path("reasoning_content");
        reasoning(
                reasoning.isTextual()
                        ? reasoning.asText()
                        : delta.path("reasoning").asText(""));
        JsonNode content = delta.path("content");
        if (content.isTextual()) {
            text(content.asText());
        } else {
            for (JsonNode part : content) {
                text(part.path("text").asText(""));
                for (JsonNode thought : part.path("thinking")) {
                    reasoning(thought.path("text").asText(""));
                }
            }
        }
        text(delta.path("refusal").asText(""));
        int position = 0;
        for (JsonNode call : delta.path("tool_calls")) {
            JsonNode function = call.path("function");
            JsonNode arguments = function.path("arguments");
            out.accept(new ModelDelta.ToolCall(
                    call.path("index").asInt(position),
                    said(call.path("id")),
                    said(function.path("name")),
                    arguments.isContainerNode() ? arguments.toString() : arguments.asText("")));
            position++;
        }
    }

    private void text(String text) {
        if (!text.isEmpty()) {
            think.text(text);
        }
    }

    private void reasoning(String text) {
        if (!text.isEmpty()) {
            out.accept(new ModelDelta.Reasoning(text));
        }
    }

    private static @Nullable String said(JsonNode node) {
        return node.isTextual() && !node.asText().isEmpty() ? node.asText() : null;
    }

    private static FinishReason finish(String reason) {
        return switch (reason) {
            case "length", "max_tokens", "model_length" -> FinishReason.LENGTH;
            case "tool_calls", "function_call" -> FinishReason.TOOL_CALLS;
            case "content_filter" -> FinishReason.CONTENT_FILTER;
            default -> FinishReason.STOP;
        };
    }
}
