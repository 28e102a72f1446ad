package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.Task;
import org.rungpt.api.call.ParsedCall;

/** What a probe asks, and which calls are right. The actions exist nowhere: nothing could run. */
final class ProbeTasks {
    /**
     * One task.
     *
     * @param calls the right calls in any order: {@code alias.task} and arguments
     */
    record Exercise(String prompt, List<Expected> calls) {}

    /** A call that is right. */
    record Expected(String task, String arguments) {
        boolean isMadeBy(ParsedCall call) {
            if (!call.task().equals(task)) {
                return false;
            }
            JsonNode wanted = Json.parse(arguments);
            JsonNode made = Json.parse(call.arguments());
            for (var each : wanted.properties()) {
                JsonNode value = made.path(each.getKey());
                boolean same = value.isTextual()
                        ? value.asText().strip().equals(each.getValue().asText().strip())
                        : value.equals(each.getValue());
                if (!same) {
                    return false;
                }
            }
            return true;
        }
    }

    static final List<Exercise> EXERCISES = List.of(
            new Exercise(
                    "Read the file notes/todo.md.",
                    List.of(new Expected("probe_files.read", "{\"path\":\"notes/todo.md\"}"))),
            new Exercise(
                    "Write the file page.html. Its content is exactly this line:\n<b>\"x\" & 'y' \\n</b>",
                    List.of(new Expected(
                            "probe_files.write",
                            "{\"path\":\"page.html\",\"content\":\"<b>\\\"x\\\" & 'y' \\\\n</b>\"}"))),
            new Exercise(
                    "Add 1234 and 4321 with the calculator.",
                    List.of(new Expected("probe_calculator.add", "{\"a\":1234,\"b\":4321}"))),
            new Exercise(
                    "Read both files a.md and b.md, at once.",
                    List.of(
                            new Expected("probe_files.read", "{\"path\":\"a.md\"}"),
                            new Expected("probe_files.read", "{\"path\":\"b.md\"}"))),
            new Exercise("Say hello in one word. Nothing has to be looked up or done.", List.of()));

    static final List<InstalledAction> ACTIONS = List.of(
            action(
                    "probe_files",
                    "Files of the user.",
                    task(
                            "read",
                            "Reads a file.",
                            "\"path\":{\"type\":\"string\",\"description\":\"Its path\"}",
                            "\"path\""),
                    task(
                            "write",
                            "Writes a file.",
                            "\"path\":{\"type\":\"string\",\"description\":\"Its"
                                    + " path\"},\"content\":{\"type\":\"string\",\"description\":\"What it shall hold\"}",
                            "\"path\",\"content\"")),
            action(
                    "probe_calculator",
                    "Calculates.",
                    task(
                            "add",
                            "Adds two whole numbers.",
                            "\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"integer\"}",
                            "\"a\",\"b\"")));

    private ProbeTasks() {}

    static Optional<InstalledTask> find(String name) {
        return ACTIONS.stream()
                .flatMap(action -> action.manifest().tasks().stream().map(task -> new InstalledTask(action, task)))
                .filter(task -> task.name().equals(name))
                .findFirst();
    }

    /** Whether the calls are the right ones, each once. */
    static boolean areRight(List<Expected> expected, List<ParsedCall> calls) {
        List<ParsedCall> left = new ArrayList<>(calls);
        for (Expected each : expected) {
            Optional<ParsedCall> made = left.stream().filter(each::isMadeBy).findFirst();
            if (made.isEmpty()) {
                return false;
            }
            left.remove(made.get());
        }
        return left.isEmpty();
    }

    private static Task task(String name, String description, String properties, String required) {
        return new Task(
                name,
                description,
                "{\"type\":\"object\",\"required\":[" + required + "],\"properties\":{" + properties + "}}",
                List.of(),
                Effects.READ,
                true,
                false,
                Duration.ofSeconds(10),
                Task.Output.TEXT);
    }

    private static InstalledAction action(String alias, String description, Task... tasks) {
        return new InstalledAction(
                new ActionPackage(new ActionId("rungpt/" + alias), "1", null, Path.of("/" + alias), "00", true, null),
                alias,
                new Manifest(
                        alias,
                        alias,
                        "1",
                        description,
                        null,
                        List.of(tasks),
                        Manifest.Packages.NONE,
                        "base",
                        false,
                        List.of(),
                        List.of(),
                        List.of(),
                        Manifest.Resources.DEFAULT,
                        List.of(),
                        "{}"));
    }
}
