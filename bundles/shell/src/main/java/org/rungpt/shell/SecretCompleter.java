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

/** Completes the names of the secrets that installed actions ask for. */
@Service
public final class SecretCompleter implements Completer {
    @Reference(optional = true)
    @Nullable
    ActionRegistry registry;

    @Override
    public int complete(Session session, CommandLine line, List<String> candidates) {
        var known = new StringsCompleter();
        if (registry != null) {
            registry.actions().forEach(action -> action.manifest().secrets().forEach(secret -> known.getStrings()
                    .add(secret.name())));
        }
        return known.complete(session, line, candidates);
    }
}
