package org.rungpt.protocol.tags;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.InstalledTask;

/** What a model is told of a call that is none. */
final class Problems {
    private static final int MAX_EXCERPT = 2000;

    private Problems() {}

    /** What is wrong with a call, with what its task takes. */
    static String call(String problem, @Nullable String name, @Nullable InstalledTask task) {
        var text = new StringBuilder("This call did not run: ").append(problem).append('.');
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
        return text.append("\nWrite the whole call again, with a new id.").toString();
    }

    /** A call was written inside something that was never closed. */
    static String hidden(String hiddenBy, @Nullable String name) {
        return "The call of " + Words.oneLine(name == null ? "a task" : name, 100) + " did not run: it stands inside a "
                + hiddenBy + " that is not closed. Write it again, outside, at the start of a line, with a new id.";
    }

    /** How else the name of a task may have been meant. */
    static List<String> otherSpellings(String name) {
        String lower = name.strip().toLowerCase(Locale.ROOT);
        return List.of(
                lower,
                lower.replace("__", "."),
                lower.replace(':', '.'),
                lower.replace('/', '.'),
                lower.replace('-', '_'),
                lower.replaceFirst("_", "."));
    }
}
