package org.rungpt.shell;

import java.io.PrintStream;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionInstaller;
import org.rungpt.api.action.ActionRegistry;

/** Removes an action. */
@Service
@Command(scope = "rungpt", name = "uninstall", description = "Removes an installed action and its files")
public final class UninstallCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    ActionInstaller installer;

    @Reference(optional = true)
    @Nullable
    ActionRegistry registry;

    @Argument(name = "action", description = "owner/repo[/dir] or the alias", required = true)
    @Completion(InstalledCompleter.class)
    String action = "";

    @Override
    void run(PrintStream out) throws Exception {
        ActionId id = Named.id(action, registry);
        need(installer, "Uninstalling", "rungpt-source-git").uninstall(id);
        out.println("Uninstalled " + id);
    }
}
