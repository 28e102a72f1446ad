package org.rungpt.model.openai;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ContentPart;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.Sampling;

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

    private static final QuotedTexts TEXTS = new QuotedTexts();

    private ChatRequest() {}

    static byte[] body(ModelRequest request, Dialect dialect) throws IOException {
        try (var bytes = new ByteArrayBuilder();
                JsonGenerator json = Json.MAPPER.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("model", request.model());
            json.writeArrayFieldStart("messages");
            for (ModelMessage message : request.messages()) {
                message(json, message);
            }
            json.writeEndArray();
            json.writeBooleanField("stream", true);
            if (dialect.usage()) {
                json.writeObjectFieldStart("stream_options");
                json.writeBooleanField("include_usage", true);
                json.writeEndObject();
            }
            sampling(json, request.sampling(), dialect);
            if (!request.tools().isEmpty()) {
                json.writeArrayFieldStart("tools");
                for (ModelRequest.Tool tool : request.tools()) {
                    tool(json, tool, dialect);
                }
                json.writeEndArray();
            }
            json.writeEndObject();
            json.flush();
            return bytes.toByteArray();
        }
    }

    private static void sampling(JsonGenerator json, Sampling sampling, Dialect dialect) throws IOException {
        if (sampling.maxTokens() != null) {
            json.writeNumberField(
                    dialect.completionTokens() ? "max_completion_tokens" : "max_tokens", sampling.maxTokens());
        }
        number(json, "temperature", sampling.temperature());
        number(json, "top_p", sampling.topP());
        number(json, "presence_penalty", sampling.presencePenalty());
        number(json, "frequency_penalty", sampling.frequencyPenalty());
        if (sampling.seed() != null) {
            json.writeNumberField("seed", sampling.seed());
        }
        if (!sampling.stop().isEmpty()) {
            json.writeArrayFieldStart("stop");
            for (String stop : sampling.stop()) {
                json.writeString(stop);
            }
            json.writeEndArray();
        }
        if (sampling.effort() != null) {
            json.writeStringField("reasoning_effort", sampling.effort());
        }
    }

    private static void number(JsonGenerator json, String name, @Nullable Double value) throws IOException {
        if (value != null) {
            json.writeNumberField(name, value);
        }
    }

    private static void tool(JsonGenerator json, ModelRequest.Tool tool, Dialect dialect) throws IOException {
        json.writeStartObject();
        json.writeStringField("type", "function");
        json.writeObjectFieldStart("function");
        json.writeStringField("name", tool.name());
        text(json, "description", tool.description());
        json.writeFieldName("parameters");
        json.writeTree(Json.MAPPER.readTree(tool.parameters()));
        if (tool.strict() && dialect.strict()) {
            json.writeBooleanField("strict", true);
        }
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void message(JsonGenerator json, ModelMessage message) throws IOException {
        json.writeStartObject();
        json.writeStringField("role", message.role().name().toLowerCase(Locale.ROOT));
        if (message.content().stream().allMatch(ContentPart.Text.class::isInstance)) {
            String text = message.text();
            if (text.isEmpty() && !message.toolCalls().isEmpty()) {
                json.writeNullField("content");
            } else {
                text(json, "content", text);
            }
        } else {
            json.writeArrayFieldStart("content");
            for (ContentPart part : message.content()) {
                part(json, part);
            }
            json.writeEndArray();
        }
        if (!message.toolCalls().isEmpty()) {
            json.writeArrayFieldStart("tool_calls");
            for (ModelMessage.ToolCall call : message.toolCalls()) {
                json.writeStartObject();
                json.writeStringField("id", call.id());
                json.writeStringField("type", "function");
                json.writeObjectFieldStart("function");
                json.writeStringField("name", call.name());
                text(json, "arguments", call.arguments());
                json.writeEndObject();
                json.writeEndObject();
            }
            json.writeEndArray();
        }
        if (message.toolCallId() != null) {
            json.writeStringField("tool_call_id", message.toolCallId());
        }
        json.writeEndObject();
    }

    private static void part(JsonGenerator json, ContentPart part) throws IOException {
        json.writeStartObject();
        if (part instanceof ContentPart.Text text) {
            json.writeStringField("type", "text");
            text(json, "text", text.text());
        } else if (part instanceof ContentPart.Image image) {
            json.writeStringField("type", "image_url");
            json.writeObjectFieldStart("image_url");
            json.writeStringField("url", "data:" + image.mediaType() + ";base64," + image.base64());
            json.writeEndObject();
        } else if (part instanceof ContentPart.File file) {
            json.writeStringField("type", "file");
            json.writeObjectFieldStart("file");
            text(json, "filename", file.name());
            json.writeStringField("file_data", "data:" + file.mediaType() + ";base64," + file.base64());
            json.writeEndObject();
        } else if (part instanceof ContentPart.Audio audio) {
            json.writeStringField("type", "input_audio");
            json.writeObjectFieldStart("input_audio");
            json.writeStringField("data", audio.base64());
            json.writeStringField("format", audio.mediaType().equals("audio/mpeg") ? "mp3" : "wav");
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    private static void text(JsonGenerator json, String name, String text) throws IOException {
        json.writeFieldName(name);
        TEXTS.write(json, text);
    }
}
