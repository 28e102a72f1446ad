package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;

/** Calls of a program's own tools in what was said before, as text: they were made elsewhere, and none is made again. */
final class DoorCalls {
    private final Map<String, String> names = new HashMap<>();

    /** What an assistant said, and the calls that it made. */
    String made(String text, JsonNode message) {
        var all = new StringBuilder(text);
        for (JsonNode call : message.path("tool_calls")) {
            JsonNode function = call.path(call.path("type").asText("function"));
            String name = function.path("name").asText("");
            names.put(call.path("id").asText(""), name);
            tell(
                    all,
                    name,
                    function.path("arguments").asText(function.path("input").asText("")));
        }
        JsonNode old = message.path("function_call");
        if (old.isObject()) {
            tell(all, old.path("name").asText(""), old.path("arguments").asText(""));
        }
        return all.toString();
    }

    private static void tell(StringBuilder all, String name, String arguments) {
        all.append(all.isEmpty() ? "" : "\n\n")
                .append("[Called the tool ")
                .append(name)
                .append(" of another program with ")
                .append(arguments)
                .append("]");
    }

    String result(String text, JsonNode message) {
        String name = message.path("name")
                .asText(names.getOrDefault(message.path("tool_call_id").asText(""), ""));
        return "[The tool " + name + " of another program gave this result:]\n" + text;
    }
}
