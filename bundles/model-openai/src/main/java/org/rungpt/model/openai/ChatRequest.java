package org.rungpt.model.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ContentPart;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelRequest;

/** A request as a chat completion server reads it. */
final class ChatRequest {
    /**
     * What a server does not understand and is not sent again.
     *
     * @param usage whether it takes {@code stream_options}
     * @param completionTokens whether it takes {@code max_completion_tokens}; {@code max_tokens} otherwise
     * @param strict whether it takes {@code strict} tools
     */
    record Dialect(boolean usage, boolean completionTokens, boolean strict) {
        static Dialect of(BaseUrl base) {
            return new Dialect(true, base.isOpenAi(), true);
        }

        /** The dialect that a refusal asks for; null if it is about something else. */
        @Nullable
        Dialect after(int status, String body) {
            if (status != 400 && status != 422) {
                return null;
            }
            if (usage && (body.contains("stream_options") || body.contains("include_usage"))) {
                return new Dialect(false, completionTokens, strict);
            }
            if (strict && body.contains("strict")) {
                return new Dialect(usage, completionTokens, false);
            }
            if (body.contains(completionTokens ? "max_completion_tokens" : "'max_tokens'")) {
                return new Dialect(usage, !completionTokens, strict);
            }
            return null;
        }
    }

    private ChatRequest() {}

    static byte[] body(ModelRequest request, Dialect dialect) throws JsonProcessingException {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("model", request.model());
        ArrayNode messages = root.putArray("messages");
        for (ModelMessage message : request.messages()) {
            messages.add(message(message));
        }
        root.put("stream", true);
        if (dialect.usage()) {
            root.putObject("stream_options").put("include_usage", true);
        }
        if (request.maxTokens() != null) {
            root.put(dialect.completionTokens() ? "max_completion_tokens" : "max_tokens", request.maxTokens());
        }
        if (!request.tools().isEmpty()) {
            ArrayNode tools = root.putArray("tools");
            for (ModelRequest.Tool tool : request.tools()) {
                ObjectNode function = tools.addObject().put("type", "function").putObject("function");
                function.put("name", tool.name()).put("description", tool.description());
                function.set("parameters", Json.MAPPER.readTree(tool.parameters()));
                if (tool.strict() && dialect.strict()) {
                    function.put("strict", true);
                }
            }
        }
        return Json.MAPPER.writeValueAsBytes(root);
    }

    private static ObjectNode message(ModelMessage message) {
        ObjectNode node = Json.MAPPER.createObjectNode();
        node.put("role", message.role().name().toLowerCase(Locale.ROOT));
        if (message.content().stream().allMatch(ContentPart.Text.class::isInstance)) {
            String text = message.text();
            if (text.isEmpty() && !message.toolCalls().isEmpty()) {
                node.putNull("content");
            } else {
                node.put("content", text);
            }
        } else {
            ArrayNode parts = node.putArray("content");
            for (ContentPart part : message.content()) {
                if (part instanceof ContentPart.Text text) {
                    parts.addObject().put("type", "text").put("text", text.text());
                } else if (part instanceof ContentPart.Image image) {
                    parts.addObject()
                            .put("type", "image_url")
                            .putObject("image_url")
                            .put("url", "data:" + image.mediaType() + ";base64," + image.base64());
                }
            }
        }
        if (!message.toolCalls().isEmpty()) {
            ArrayNode calls = node.putArray("tool_calls");
            for (ModelMessage.ToolCall call : message.toolCalls()) {
                calls.addObject()
                        .put("id", call.id())
                        .put("type", "function")
                        .putObject("function")
                        .put("name", call.name())
                        .put("arguments", call.arguments());
            }
        }
        if (message.toolCallId() != null) {
            node.put("tool_call_id", message.toolCallId());
        }
        return node;
    }
}
