package org.rungpt.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The JSON of chat completions. What OpenAI's has no place for is in the field {@code rungpt}. */
final class DoorAnswer {
    static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);

    /** What was not found is no model. */
    private static final String NOTHING_THERE = "nothing_there";

    private final String conversation;
    private final String model;
    private final long created;

    DoorAnswer(String conversation, String model, long createdSeconds) {
        this.conversation = conversation;
        this.model = model;
        this.created = createdSeconds;
    }

    byte[] begin() {
        ObjectNode chunk = chunk();
        delta(chunk).put("role", "assistant").put("content", "");
        chunk.putObject("rungpt").put("conversation", conversation);
        return frame(chunk);
    }

    byte[] text(String text) {
        ObjectNode chunk = chunk();
        delta(chunk).put("content", text);
        return frame(chunk);
    }

    byte[] event(ObjectNode event) {
        ObjectNode chunk = chunk();
        delta(chunk);
        chunk.set("rungpt", event);
        return frame(chunk);
    }

    byte[] end(String reason) {
        ObjectNode chunk = chunk();
        delta(chunk);
        ((ObjectNode) chunk.path("choices").path(0)).put("finish_reason", reason);
        return frame(chunk);
    }

    byte[] usage(DoorTurn.Finish finish) {
        ObjectNode chunk = chunk();
        chunk.putArray("choices");
        usage(chunk, finish);
        return frame(chunk);
    }

    /** @param omitted whether output of calls was left out */
    ObjectNode whole(String text, ArrayNode events, boolean omitted, DoorTurn.Finish finish) {
        ObjectNode answer = head("chat.completion");
        ObjectNode choice = answer.putArray("choices").addObject().put("index", 0);
        choice.putObject("message")
                .put("role", "assistant")
                .put("content", text)
                .putNull("refusal");
        choice.putNull("logprobs").put("finish_reason", finish.reason());
        usage(answer, finish);
        ObjectNode own = answer.putObject("rungpt").put("conversation", conversation);
        own.set("events", events);
        if (omitted) {
            own.put("outputOmitted", true);
        }
        return answer;
    }

    static byte[] frame(ObjectNode chunk) {
        byte[] json = Json.bytes(chunk);
        byte[] frame = new byte[json.length + 8];
        System.arraycopy("data: ".getBytes(StandardCharsets.US_ASCII), 0, frame, 0, 6);
        System.arraycopy(json, 0, frame, 6, json.length);
        frame[frame.length - 2] = '\n';
        frame[frame.length - 1] = '\n';
        return frame;
    }

    /** What went wrong with a model, in OpenAI's words for it. */
    static ObjectNode error(String kind, String message) {
        return error(status(kind), code(kind), message, null);
    }

    /** The same for a request that was refused before a model was asked. */
    static ObjectNode refused(ApiException wrong) {
        String remedy = wrong.remedy() == null ? "" : " " + wrong.remedy();
        return error(wrong.status(), wrong.code(), wrong.getMessage() + remedy, wrong.parameter());
    }

    /** The kind of error of a model that says the same. */
    static String kind(ApiException wrong) {
        return wrong.code().equals("not_found") ? NOTHING_THERE : wrong.code();
    }

    private static ObjectNode error(int status, String code, String message, @Nullable String parameter) {
        String type =
                switch (status) {
                    case 400, 404, 413 -> "invalid_request_error";
                    case 429 -> "rate_limit_error";
                    default -> "server_error";
                };
        ObjectNode body = Json.object();
        body.putObject("error")
                .put("message", message)
                .put("type", type)
                .put("param", parameter)
                .put("code", code);
        return body;
    }

    /** The status for an error of a model. A key that the model's server refuses is not the caller's. */
    static int status(String kind) {
        return switch (kind.toLowerCase(Locale.ROOT)) {
            case "invalid", "bad_request", "context_length" -> 400;
            case "not_found", NOTHING_THERE -> 404;
            case "conflict" -> 409;
            case "rate_limited", "billing" -> 429;
            case "internal" -> 500;
            case "unavailable", "interrupted" -> 503;
            case "idle" -> 504;
            default -> 502;
        };
    }

    private static String code(String kind) {
        return switch (kind.toLowerCase(Locale.ROOT)) {
            case "context_length" -> "context_length_exceeded";
            case "billing" -> "insufficient_quota";
            case "rate_limited" -> "rate_limit_exceeded";
            case "not_found" -> "model_not_found";
            case NOTHING_THERE -> "not_found";
            case "authentication" -> "model_server_authentication";
            default -> kind.toLowerCase(Locale.ROOT);
        };
    }

    private static void usage(ObjectNode answer, DoorTurn.Finish finish) {
        answer.putObject("usage")
                .put("prompt_tokens", finish.input())
                .put("completion_tokens", finish.output())
                .put("total_tokens", finish.input() + finish.output());
    }

    private ObjectNode head(String object) {
        return Json.object()
                .put("id", "chatcmpl-" + conversation)
                .put("object", object)
                .put("created", created)
                .put("model", model);
    }

    private ObjectNode chunk() {
        return head("chat.completion.chunk");
    }

    private static ObjectNode delta(ObjectNode chunk) {
        ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
        ObjectNode delta = choice.putObject("delta");
        choice.putNull("finish_reason");
        return delta;
    }
}
