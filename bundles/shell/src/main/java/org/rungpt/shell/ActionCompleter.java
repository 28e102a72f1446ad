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

/** Completes aliases and identities of all actions, built-in ones too. */
@Service
public final class ActionCompleter implements Completer {
    @Reference(optional = true)
    @Nullable
    ActionRegistry registry;

    @Override
    public int complete(Session session, CommandLine line, List<String> candidates) {
        var known = new StringsCompleter();
        if (registry != null) {
            for (InstalledAction action : registry.actions()) {
                known.getStrings().add(action.alias());
                known.getStrings().add(action.id().value());
            }
        }
        return known.complete(session, line, candidates);
    }
}
