package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Opening;

/**
 * A request for a chat completion. What this door has no use for is ignored, as other servers do; what it cannot do is refused.
 *
 * @param model as asked for
 * @param before everything before the last message
 * @param text the last message, the user's
 * @param stream whether the answer is wanted piece by piece
 * @param usage whether a stream ends with the usage
 * @param conversation the conversation to go on with; null for one of its own
 * @param keep whether the conversation stays when the answer is complete
 * @see <a href="https://platform.openai.com/docs/api-reference/chat/create">Create chat completion</a>
 */
record DoorRequest(
        String model,
        List<Opening.Said> before,
        String text,
        boolean stream,
        boolean usage,
        @Nullable String conversation,
        boolean keep) {

    static DoorRequest of(ObjectNode body) throws ApiException {
        JsonNode own = body.path("rungpt");
        if (body.path("tools").size() > 0 || body.path("functions").size() > 0) {
            throw ApiException.invalid(
                    "\"tools\" cannot be taken: here the model uses the actions that are installed in RunGPT.");
        }
        if (body.path("n").asInt(1) != 1) {
            throw ApiException.invalid("\"n\" must be 1.");
        }
        if (!body.path("messages").isArray() || body.path("messages").isEmpty()) {
            throw ApiException.invalid("\"messages\" must be a list with at least one message.");
        }
        List<Opening.Said> said = new ArrayList<>();
        int number = 0;
        for (JsonNode message : body.path("messages")) {
            said.add(said(message, number++));
        }
        Opening.Said last = said.remove(said.size() - 1);
        if (last.role() != Opening.Role.USER) {
            throw ApiException.invalid("The last message must be the user's.");
        }
        return new DoorRequest(
                body.path("model").asText(""),
                said,
                last.text(),
                body.path("stream").asBoolean(),
                body.path("stream_options").path("include_usage").asBoolean(),
                own.path("conversation").isTextual() ? own.path("conversation").asText() : null,
                own.path("keep").asBoolean());
    }

    private static Opening.Said said(JsonNode message, int number) throws ApiException {
        String role = message.path("role").asText("").toLowerCase(Locale.ROOT);
        String text = text(message.path("content"), number);
        return switch (role) {
            case "system", "developer" -> new Opening.Said(Opening.Role.SYSTEM, text);
            case "user" -> new Opening.Said(Opening.Role.USER, text);
            case "assistant" -> new Opening.Said(Opening.Role.ASSISTANT, text);
            default ->
                throw ApiException.invalid(
                        "\"messages[" + number + "].role\" must be system, developer, user or assistant.");
        };
    }

    private static String text(JsonNode content, int number) throws ApiException {
        if (content.isTextual()) {
            return content.textValue();
        }
        if (content.isNull() || content.isMissingNode()) {
            return "";
        }
        if (!content.isArray()) {
            throw ApiException.invalid("\"messages[" + number + "].content\" must be a string or a list of parts.");
        }
        var text = new StringBuilder();
        for (JsonNode part : content) {
            if (!part.path("type").asText().equals("text")) {
                throw ApiException.invalid("\"messages[" + number + "].content\" may hold parts of type text only.");
            }
            text.append(part.path("text").asText());
        }
        return text.toString();
    }
}
