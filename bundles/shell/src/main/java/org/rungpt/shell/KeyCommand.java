package org.rungpt.shell;

import java.io.PrintStream;
import java.util.List;
import java.util.TreeSet;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.CommandException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ConnectionSettings;
import org.rungpt.api.model.ModelConnections;
import org.rungpt.plain.Plain;

/** Sets the key of a connection to a model server. It is typed unseen or read from standard input, and never shown. */
@Service
@Command(
        scope = "rungpt",
        name = "key",
        description = "Sets or removes the key of a connection to a model server; it is never shown")
public final class KeyCommand extends RungptCommand {
    private static final int LONGEST = 16 << 10;

    @Reference(optional = true)
    @Nullable
    List<ModelConnections> kinds;

    @Argument(name = "connection", description = "The name of the connection, like openai", required = true)
    @Completion(ConnectionCompleter.class)
    String connection = "";

    @Option(name = "--remove", description = "Remove the key that is kept")
    boolean remove;

    @Override
    void run(PrintStream out) throws Exception {
        var names = new TreeSet<String>();
        for (ModelConnections kind : all(kinds)) {
            for (ConnectionSettings settings : kind.connections()) {
                names.add(settings.name());
                if (settings.name().equals(connection)) {
                    set(kind, settings, out);
                    return;
                }
            }
        }
        throw new CommandException("there is no connection " + Plain.line(connection, 40)
                + (names.isEmpty() ? "" : "; there are " + String.join(", ", names)));
    }

    private void set(ModelConnections kind, ConnectionSettings settings, PrintStream out) throws Exception {
        String key = remove ? "" : Unseen.read(session, isInteractive(), "Key of " + connection, LONGEST);
        if (!remove && key.isEmpty()) {
            throw new CommandException("Not set: nothing was given. --remove removes a key");
        }
        try {
            kind.save(settings, key);
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new CommandException("Not set: " + Plain.line(String.valueOf(e.getMessage())));
        }
        out.println((remove ? "Removed: the key of " : "Set: the key of ") + connection
                + "; it counts from the next request on");
    }
}
