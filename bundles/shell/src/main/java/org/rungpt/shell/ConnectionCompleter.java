package org.rungpt.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ModelConnections;

/** Completes the names of connections that can be changed. */
@Service
public final class ConnectionCompleter implements Completer {
    @Reference(optional = true)
    @Nullable
    List<ModelConnections> kinds;

    @Override
    public int complete(Session session, CommandLine line, List<String> candidates) {
        var known = new StringsCompleter();
        for (ModelConnections kind : RungptCommand.all(kinds)) {
            kind.connections().forEach(one -> known.getStrings().add(one.name()));
        }
        return known.complete(session, line, candidates);
    }
}
