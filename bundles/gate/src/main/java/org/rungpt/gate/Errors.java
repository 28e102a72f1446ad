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

    private Errors() {}

    static void send(
            HttpServletResponse response, boolean api, int status, String code, String message, @Nullable String remedy)
            throws IOException {
        byte[] body;
        response.setStatus(status);
        if (api) {
            ObjectNode root = JSON.createObjectNode();
            ObjectNode error = root.putObject("error").put("code", code).put("message", message);
            if (remedy != null) {
                error.put("remedy", remedy);
            }
            body = JSON.writeValueAsBytes(root);
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
    static void send(HttpServletResponse response, boolean api, int status) throws IOException {
        switch (status) {
            case 400 -> send(response, api, status, "bad_request", "The request is not understood.", null);
            case 403 -> send(response, api, status, "forbidden", "That is not allowed.", null);
            case 404 -> send(response, api, status, "not_found", "There is nothing at this address.", null);
            case 405 -> send(response, api, status, "method", "This address does not take that method.", null);
            case 503 -> away(response, api);
            default -> {
                if (status < 500) {
                    send(response, api, status, "refused", "The request was refused.", null);
                } else {
                    send(
                            response,
                            api,
                            status,
                            "internal",
                            "Something went wrong in the server.",
                            "The log has the details.");
                }
            }
        }
    }

    /** The part that answers is not there just now. */
    static void away(HttpServletResponse response, boolean api) throws IOException {
        response.setHeader("Retry-After", "1");
        send(
                response,
                api,
                503,
                "unavailable",
                "This part of RunGPT is being started or replaced.",
                "Try again in a moment; ./rungpt status tells more.");
    }
}
