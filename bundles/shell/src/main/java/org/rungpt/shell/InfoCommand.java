package org.rungpt.shell;

import java.io.PrintStream;
import java.util.Optional;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.CommandException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.plain.Plain;

/** Shows one action. */
@Service
@Command(
        scope = "rungpt",
        name = "info",
        description = "Shows an installed action: what it can do and what it asks for")
public final class InfoCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    ActionRegistry registry;

    @Argument(name = "action", description = "owner/repo[/dir] or the alias", required = true)
    @Completion(ActionCompleter.class)
    String action = "";

    @Override
    void run(PrintStream out) throws Exception {
        ActionRegistry from = need(registry, "The list of actions", "rungpt-registry");
        ActionId id = Named.id(action, from);
        Optional<InstalledAction> installed = Found.action(from, id);
        if (installed.isPresent()) {
            Describe.action(installed.get()).forEach(out::println);
            return;
        }
        ActionRegistry.Rejection rejection = Found.rejection(from, id)
                .orElseThrow(() -> new CommandException(id + " is not installed; see rungpt:list"));
        out.println(id + " " + Describe.version(rejection.files()) + " cannot be used:");
        rejection.problems().forEach(problem -> out.println("  " + Plain.line(problem)));
    }
}
