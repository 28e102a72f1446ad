package org.rungpt.gate;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Errors as text: JSON for programs, plain text for people. Nothing of the request is repeated, nothing of the inside is told. */
final class Errors {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Who is told. */
    enum Form {
        /** People. */
        TEXT,
        /** Programs that know this server. */
        API,
        /** Clients of the OpenAI API, which make their own errors of what they know and show the message. */
        DOOR;

        static Form of(Facts facts) {
            return facts.isDoor() ? DOOR : facts.isApi() ? API : TEXT;
        }
    }

    private Errors() {}

    private static ObjectNode api(String code, String message, @Nullable String remedy) {
        ObjectNode root = JSON.createObjectNode();
        ObjectNode error = root.putObject("error").put("code", code).put("message", message);
        if (remedy != null) {
            error.put("remedy", remedy);
        }
        return root;
    }

    private static ObjectNode door(int status, String code, String message, @Nullable String remedy) {
        String type = status == 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "server_error";
        ObjectNode root = JSON.createObjectNode();
        root.putObject("error")
                .put("message", remedy == null ? message : message + " " + remedy)
                .put("type", type)
                .putNull("param")
                .put("code", status == 401 ? "invalid_api_key" : code);
        return root;
    }

    static void send(
            HttpServletResponse response, Form form, int status, String code, String message, @Nullable String remedy)
            throws IOException {
        byte[] body;
        response.setStatus(status);
        if (form != Form.TEXT) {
            body = JSON.writeValueAsBytes(
                    form == Form.DOOR ? door(status, code, message, remedy) : api(code, message, remedy));
            response.setContentType("application/json");
        } else {
            String text = remedy == null ? message : message + "\n" + remedy;
            body = (text + "\n").getBytes(StandardCharsets.UTF_8);
            response.setContentType("text/plain;charset=utf-8");
            response.setHeader("Cache-Control", "no-store");
        }
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
        response.flushBuffer();
    }

    /** For a status that a bundle or the server sends without a text of its own. */
    static void send(HttpServletResponse response, Form form, int status) throws IOException {
        switch (status) {
            case 400 -> send(response, form, status, "bad_request", "The request is not understood.", null);
            case 403 -> send(response, form, status, "forbidden", "That is not allowed.", null);
            case 404 -> send(response, form, status, "not_found", "There is nothing at this address.", null);
            case 405 -> send(response, form, status, "method", "This address does not take that method.", null);
            case 503 -> away(response, form);
            default -> {
                if (status < 500) {
                    send(response, form, status, "refused", "The request was refused.", null);
                } else {
                    send(
                            response,
                            form,
                            status,
                            "internal",
                            "Something went wrong in the server.",
                            "The log has the details.");
                }
            }
        }
    }

    /** The part that answers is not there just now. */
    static void away(HttpServletResponse response, Form form) throws IOException {
        response.setHeader("Retry-After", "1");
        send(
                response,
                form,
                503,
                "unavailable",
                "This part of RunGPT is being started or replaced.",
                "Try again in a moment; ./rungpt status tells more.");
    }
}
