package org.rungpt.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionInstaller;

/** Completes the identities of actions that were installed by the user. */
@Service
public final class InstalledCompleter implements Completer {
    @Reference(optional = true)
    @Nullable
    ActionInstaller installer;

    @Override
    public int complete(Session session, CommandLine line, List<String> candidates) {
        var known = new StringsCompleter();
        if (installer != null) {
            installer.installed().forEach(files -> known.getStrings()
                    .add(files.id().value()));
        }
        return known.complete(session, line, candidates);
    }
}
