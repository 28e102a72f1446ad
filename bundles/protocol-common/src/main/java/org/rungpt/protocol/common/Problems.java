package org.rungpt.protocol.common;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.InstalledTask;

/** What a model is told of a call that is none. */
public final class Problems {
    private static final int MAX_EXCERPT = 2000;

    private Problems() {}

    /** What is wrong with a call, with what its task takes. */
    public static String call(String problem, @Nullable InstalledTask task) {
        return "This call did not run: " + problem + "." + arguments(task)
                + "\nWrite the whole call again, with a new id.";
    }

    /** What a task takes, from a new line on; nothing without a task. */
    public static String arguments(@Nullable InstalledTask task) {
        var text = new StringBuilder();
        if (task != null) {
            text.append("\nArguments of ").append(task.name()).append(':');
            List<String> parameters = TaskSchema.of(task.task()).describe();
            if (parameters.isEmpty()) {
                text.append(" none.");
            }
            for (String parameter : parameters) {
                if (text.length() + parameter.length() > MAX_EXCERPT) {
                    text.append("\n- …");
                    break;
                }
                text.append("\n- ").append(parameter);
            }
        }
        return text.toString();
    }

    /** A call was written inside something that was never closed. */
    public static String hidden(String hiddenBy, @Nullable String name) {
        return "The call of " + Words.oneLine(name == null ? "a task" : name, 100) + " did not run: it stands inside a "
                + hiddenBy + " that is not closed. Write it again, outside, at the start of a line, with a new id.";
    }

    /** What to say of a task that there is not. */
    public static String unknownTask(String name, Function<String, Optional<InstalledTask>> tasks) {
        return meant(name, tasks)
                .map(task -> "there is no task " + Words.oneLine(name, 100) + "; it is written " + task.name())
                .orElse("there is no task " + Words.oneLine(name, 100) + "; use the names in the system message");
    }

    /** The task that a name in another spelling stands for. */
    public static Optional<InstalledTask> meant(String name, Function<String, Optional<InstalledTask>> tasks) {
        String lower = name.strip().toLowerCase(Locale.ROOT);
        List<String> spellings = List.of(
                name.strip(),
                lower,
                lower.replace("__", "."),
                lower.replace(':', '.'),
                lower.replace('/', '.'),
                lower.replace('-', '_'),
                lower.replaceFirst("_", "."));
        return spellings.stream().map(tasks).flatMap(Optional::stream).findFirst();
    }
}
