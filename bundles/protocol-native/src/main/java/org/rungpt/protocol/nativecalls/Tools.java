package org.rungpt.protocol.nativecalls;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Task;
import org.rungpt.api.model.ModelRequest.Tool;
import org.rungpt.protocol.common.ActionText;
import org.rungpt.protocol.common.Catalogue;
import org.rungpt.protocol.common.Json;
import org.rungpt.protocol.common.Words;

/**
 * The tasks as tools, always in the same order, so that the server's prompt cache holds. Servers take 128 tools at most, and schemas
 * cost tokens: what does not fit is run by one tool for any task, and {@code actions.show} tells its arguments.
 */
final class Tools {
    /** How many tools there are at most, the one for any task included. */
    static final int MAX = 128;
    /** How many characters they have at most in all. */
    static final int MAX_CHARACTERS = 100_000;

    private static final int MAX_DESCRIPTION = 1000;

    private static final Tool ANY = new Tool(
            Names.ANY,
            "Runs a task that has no tool of its own. Call actions__show first to learn its arguments.",
            """
            {"type":"object","required":["task","arguments"],"additionalProperties":false,"properties":{\
            "task":{"type":"string","description":"The name of the task: alias.task"},\
            "arguments":{"type":"object","description":"Its arguments"}}}""",
            false);

    private Tools() {}

    static List<Tool> of(List<InstalledAction> actions) {
        List<Tool> tools = new ArrayList<>();
        Set<String> names = new HashSet<>();
        boolean all = true;
        int characters = 0;
        for (InstalledAction action : new Catalogue(actions, ActionText::outline).actions()) {
            for (Task task : action.manifest().tasks()) {
                Tool tool = tool(action, task);
                int length = tool.name().length()
                        + tool.description().length()
                        + tool.parameters().length();
                if (tools.size() < MAX - 1
                        && characters + length <= MAX_CHARACTERS
                        && Names.isTool(tool.name())
                        && names.add(tool.name())) {
                    tools.add(tool);
                    characters += length;
                } else {
                    all = false;
                }
            }
        }
        if (!all) {
            tools.add(ANY);
        }
        return List.copyOf(tools);
    }

    private static Tool tool(InstalledAction action, Task task) {
        String name = Names.tool(action.alias() + "." + task.name());
        String description = Words.oneLine(task.description(), MAX_DESCRIPTION) + " [" + ActionText.notes(task) + "]";
        JsonNode schema = schema(task);
        ObjectNode strict = StrictSchema.of(schema);
        return new Tool(name, description, Json.write(strict == null ? schema : strict), strict != null);
    }

    private static JsonNode schema(Task task) {
        try {
            JsonNode schema = Json.MAPPER.readTree(task.parameters());
            if (schema instanceof ObjectNode object) {
                if (!object.has("type")) {
                    object.put("type", "object");
                }
                if (!object.has("properties")) {
                    object.putObject("properties"); // some servers want it
                }
                return object;
            }
        } catch (JsonProcessingException e) {
            // The registry has checked it; a task without a readable schema takes a JSON object as it is.
        }
        ObjectNode any = Json.MAPPER.createObjectNode().put("type", "object");
        any.putObject("properties");
        return any;
    }
}
