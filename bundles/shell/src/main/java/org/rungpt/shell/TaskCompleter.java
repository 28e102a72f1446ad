package org.rungpt.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.InstalledAction;

/** Completes patterns of tasks: each task, and all tasks of an action. */
@Service
public final class TaskCompleter implements Completer {
    @Reference(optional = true)
    @Nullable
    ActionRegistry registry;

    @Override
    public int complete(Session session, CommandLine line, List<String> candidates) {
        var known = new StringsCompleter();
        if (registry != null) {
            for (InstalledAction action : registry.actions()) {
                known.getStrings().add(action.alias() + ".*");
                action.manifest().tasks().forEach(task -> known.getStrings().add(action.alias() + "." + task.name()));
            }
        }
        return known.complete(session, line, candidates);
    }
}
