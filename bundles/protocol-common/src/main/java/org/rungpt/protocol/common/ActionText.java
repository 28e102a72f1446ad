package org.rungpt.protocol.common;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.Task;

/** What a model is told of one action. Whatever comes from a manifest stays on its line. */
public final class ActionText {
    private ActionText() {}

    /** Everything that is needed to call its tasks. */
    public static String full(InstalledAction action) {
        return text(action, true);
    }

    /** What it is for and what its tasks do; their arguments are told elsewhere. */
    public static String outline(InstalledAction action) {
        return text(action, false);
    }

    private static String text(InstalledAction action, boolean parameters) {
        Manifest manifest = action.manifest();
        var text = new StringBuilder();
        text.append("## ")
                .append(action.alias())
                .append(" (")
                .append(action.id())
                .append(")\n");
        text.append(Words.oneLine(manifest.title() + ": " + manifest.description(), 1000))
                .append('\n');
        String constraints = constraints(action);
        if (!constraints.isEmpty()) {
            text.append("Constraints: ").append(constraints).append('\n');
        }
        for (Task task : manifest.tasks()) {
            text.append("- ")
                    .append(action.alias())
                    .append('.')
                    .append(task.name())
                    .append(": ");
            text.append(Words.oneLine(task.description(), 1000))
                    .append(" [")
                    .append(notes(task))
                    .append("]\n");
            if (!parameters) {
                continue;
            }
            for (String parameter : TaskSchema.of(task).describe()) {
                text.append("    ").append(parameter).append('\n');
            }
            if (!task.examples().isEmpty()) {
                text.append("    example arguments: ")
                        .append(example(task.examples().get(0)))
                        .append('\n');
            }
        }
        return text.toString();
    }

    /** One line: what it is for and what its tasks are called. */
    public static String line(InstalledAction action) {
        List<String> tasks = new ArrayList<>();
        action.manifest().tasks().forEach(task -> tasks.add(action.alias() + "." + task.name()));
        return "- "
                + Words.oneLine(
                        action.alias() + ": " + action.manifest().description() + " Tasks: " + String.join(", ", tasks),
                        300)
                + "\n";
    }

    private static String constraints(InstalledAction action) {
        Manifest manifest = action.manifest();
        List<String> all = new ArrayList<>();
        if (manifest.constraints() != null) {
            all.add(Words.oneLine(manifest.constraints(), 1500));
        }
        if (!action.files().builtIn()) {
            all.add("runs in a sandbox of its own"
                    + (manifest.workspace() ? ", sees /workspace if the user grants it" : ", does not see /workspace"));
        }
        if (!manifest.network().isEmpty()) {
            all.add("reaches " + String.join(", ", manifest.network()) + " if the user grants it");
        }
        if (!manifest.shares().isEmpty()) {
            List<String> shares = new ArrayList<>();
            manifest.shares().forEach(each -> shares.add(each.name() + (each.writable() ? " (writable)" : "")));
            all.add("uses the user's directories " + String.join(", ", shares) + " if granted");
        }
        if (!manifest.secrets().isEmpty()) {
            List<String> secrets = new ArrayList<>();
            manifest.secrets().forEach(each -> secrets.add(each.name()));
            all.add("needs the user's secrets " + String.join(", ", secrets));
        }
        return Words.oneLine(String.join("; ", all), 2500);
    }

    /** What it does to the world and how long it may take. */
    public static String notes(Task task) {
        String effects =
                switch (task.effects()) {
                    case NONE -> "changes nothing";
                    case READ -> "reads only";
                    case WRITE -> "changes things";
                    case DESTRUCTIVE -> "may destroy things";
                };
        return effects + ", at most " + time(task.timeout())
                + (task.background() ? ", in the background: its result arrives later" : "");
    }

    private static String time(Duration duration) {
        long seconds = duration.toSeconds();
        return seconds >= 7200
                ? seconds / 3600 + " h"
                : seconds >= 120 ? seconds / 60 + " min" : seconds > 0 ? seconds + " s" : duration.toMillis() + " ms";
    }

    private static String example(String json) {
        try {
            JsonNode example = Json.MAPPER.readTree(json);
            return Words.oneLine(Json.write(example), 300);
        } catch (JsonProcessingException e) {
            return Words.oneLine(json, 300);
        }
    }
}
