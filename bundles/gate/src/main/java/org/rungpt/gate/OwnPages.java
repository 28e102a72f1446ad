package org.rungpt.gate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What the gate answers itself: its health, the login page, sessions. Answered before any servlet is looked up, so that no bundle
 * can put its own login page there.
 */
final class OwnPages {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, Page> PAGES = Map.of(
            "/login", new Page("login.html", "text/html;charset=utf-8"),
            "/login/login.js", new Page("login.js", "text/javascript;charset=utf-8"),
            "/login/login.css", new Page("login.css", "text/css;charset=utf-8"));

    private record Page(String resource, String type) {}

    private final Sessions sessions;
    private final LoginCodes codes;
    private final Throttle throttle;

    OwnPages(Sessions sessions, LoginCodes codes, Throttle throttle) {
        this.sessions = sessions;
        this.codes = codes;
        this.throttle = throttle;
    }

    /** Answers, if the address is the gate's. */
    boolean answer(Facts facts, HttpServletRequest request, HttpServletResponse response) throws IOException {
        switch (facts.path()) {
            case "/healthz" -> send(response, "text/plain;charset=utf-8", "ok\n".getBytes(StandardCharsets.UTF_8));
            case "/login", "/login/login.js", "/login/login.css" -> page(facts.path(), response);
            case Policy.SESSION -> session(facts, request, response);
            case "/api/session/codes" -> code(facts, response);
            default -> {
                return false;
            }
        }
        return true;
    }

    private static void page(String path, HttpServletResponse response) throws IOException {
        Page page = PAGES.get(path);
        try (InputStream in = page == null ? null : OwnPages.class.getResourceAsStream(page.resource())) {
            if (page == null || in == null) {
                Errors.send(response, Errors.Form.TEXT, 404);
            } else {
                send(response, page.type(), in.readAllBytes());
            }
        }
    }

    private void session(Facts facts, HttpServletRequest request, HttpServletResponse response) throws IOException {
        switch (facts.method()) {
            case "POST" -> logIn(facts, request, response);
            case "DELETE" -> {
                facts.sessions().forEach(sessions::end);
                setCookie(response, facts, "", 0);
                response.setStatus(204);
            }
            default -> notTaken(response, "POST, DELETE");
        }
    }

    private void logIn(Facts facts, HttpServletRequest request, HttpServletResponse response) throws IOException {
        JsonNode code;
        try {
            code = JSON.readTree(request.getInputStream().readAllBytes()).path("code");
        } catch (JsonProcessingException e) {
            code = JSON.missingNode();
        }
        if (!code.isTextual()) {
            Errors.send(response, Errors.Form.API, 400, "bad_request", "The body must be {\"code\": \"…\"}.", null);
        } else if (codes.redeem(code.textValue())) {
            setCookie(response, facts, sessions.begin(), Sessions.LIFE.toSeconds());
            response.setStatus(204);
        } else {
            long wait = throttle.failed();
            if (wait > 0) {
                tooMany(response, Errors.Form.API, wait);
            } else {
                Errors.send(
                        response,
                        Errors.Form.API,
                        401,
                        "code",
                        "The code is wrong, was used already or is older than five minutes.",
                        "Get a new one with ./rungpt run.");
            }
        }
    }

    static void tooMany(HttpServletResponse response, Errors.Form form, long waitSeconds) throws IOException {
        response.setHeader("Retry-After", Long.toString(waitSeconds));
        Errors.send(
                response,
                form,
                429,
                "too_many_failures",
                "Too many wrong codes or tokens.",
                "Wait " + waitSeconds + " seconds.");
    }

    private void code(Facts facts, HttpServletResponse response) throws IOException {
        if (!facts.method().equals("POST")) {
            notTaken(response, "POST");
            return;
        }
        String code = codes.make();
        ObjectNode body = JSON.createObjectNode()
                .put("code", code)
                .put(
                        "url",
                        (facts.secure() ? "https://" : "http://")
                                + facts.hosts().get(0) + "/login#code=" + code)
                .put("expiresInSeconds", LoginCodes.LIFE.toSeconds());
        response.setStatus(201);
        send(response, "application/json", JSON.writeValueAsBytes(body));
    }

    private static void notTaken(HttpServletResponse response, String allowed) throws IOException {
        response.setHeader("Allow", allowed);
        Errors.send(response, Errors.Form.API, 405);
    }

    static void setCookie(HttpServletResponse response, Facts facts, String value, long seconds) {
        response.addHeader(
                "Set-Cookie",
                Facts.cookieName(facts.port()) + "=" + value + "; Path=/; Max-Age=" + seconds
                        + "; HttpOnly; SameSite=Strict" + (facts.secure() ? "; Secure" : ""));
    }

    private static void send(HttpServletResponse response, String type, byte[] body) throws IOException {
        response.setHeader("Cache-Control", "no-store");
        response.setContentType(type);
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }
}
