package org.rungpt.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ModelConnection;

/** Completes the full ids of known models. */
@Service
public final class ModelCompleter implements Completer {
    @Reference(optional = true)
    @Nullable
    List<ModelConnection> connections;

    @Override
    public int complete(Session session, CommandLine line, List<String> candidates) {
        var known = new StringsCompleter();
        for (ModelConnection connection : RungptCommand.all(connections)) {
            connection.models().forEach(model -> known.getStrings().add(connection.name() + "/" + model.id()));
        }
        return known.complete(session, line, candidates);
    }
}
