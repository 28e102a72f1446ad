package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Finds the handler of a request: templates such as {@code /conversations/{id}/stop}, matched segment by segment. */
final class Router {
    /** Handles one kind of request. */
    @FunctionalInterface
    interface Handler {
        /** @return what to answer */
        Answer handle(Call call) throws ApiException, IOException;
    }

    /** A request with the variables of its path. */
    record Call(HttpServletRequest request, Map<String, String> variables) {
        String variable(String name) {
            String value = variables.get(name);
            if (value == null) {
                throw new IllegalArgumentException("no variable " + name + " in this route");
            }
            return value;
        }
    }

    /** A status and a JSON body, or a text of some type; null for none. */
    record Answer(
            int status,
            @Nullable JsonNode body,
            @Nullable String type,
            @Nullable String text) {
        Answer(int status, @Nullable JsonNode body) {
            this(status, body, null, null);
        }

        static Answer text(String type, String text) {
            return new Answer(200, null, type, text);
        }

        static Answer ok(JsonNode body) {
            return new Answer(200, body);
        }

        static Answer done() {
            return new Answer(204, null);
        }
    }

    private record Route(String method, List<String> template, Handler handler) {}

    private final List<Route> routes = new ArrayList<>();

    Router on(String method, String template, Handler handler) {
        routes.add(new Route(method, List.of(template.substring(1).split("/")), handler));
        return this;
    }

    Answer handle(HttpServletRequest request, String path) throws ApiException, IOException {
        List<String> segments = List.of((path.startsWith("/") ? path.substring(1) : path).split("/", -1));
        Set<String> methods = new LinkedHashSet<>();
        for (Route route : routes) {
            Map<String, String> variables = match(route.template(), segments);
            if (variables != null) {
                if (route.method().equals(request.getMethod())) {
                    return route.handler().handle(new Call(request, variables));
                }
                methods.add(route.method());
            }
        }
        if (methods.isEmpty()) {
            throw ApiException.notFound("There is nothing here; /api/openapi.yaml describes the API.");
        }
        throw new ApiException(405, "method", "Use " + String.join(" or ", methods) + ".", null);
    }

    private static @Nullable Map<String, String> match(List<String> template, List<String> segments) {
        if (template.size() != segments.size()) {
            return null;
        }
        Map<String, String> variables = new TreeMap<>();
        for (int i = 0; i < template.size(); i++) {
            String expected = template.get(i);
            String segment = segments.get(i);
            if (expected.startsWith("{")) {
                if (segment.isEmpty() || segment.length() > 128) {
                    return null;
                }
                variables.put(expected.substring(1, expected.length() - 1), segment);
            } else if (!expected.equals(segment)) {
                return null;
            }
        }
        return variables;
    }
}
