package org.rungpt.shell;

import java.io.PrintStream;
import java.util.Locale;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.table.ShellTable;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.plain.Plain;

/** Lists what is installed. */
@Service
@Command(scope = "rungpt", name = "list", description = "Lists the installed actions, and those that cannot be used")
public final class ListCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    ActionRegistry registry;

    @Option(name = "--tasks", description = "One line for each task instead of each action")
    boolean tasks;

    @Override
    void run(PrintStream out) throws Exception {
        ActionRegistry from = need(registry, "The list of actions", "rungpt-registry");
        ShellTable table = tasks ? tasks(from) : actions(from);
        print(table, out);
        for (ActionRegistry.Rejection rejection : from.rejections()) {
            out.println();
            out.println("Cannot be used: " + rejection.files().id() + " " + Describe.version(rejection.files()));
            rejection.problems().forEach(problem -> out.println("  " + Plain.line(problem)));
        }
    }

    private static ShellTable actions(ActionRegistry from) {
        var table =
                new ShellTable().emptyTableText("No action is installed; install one with rungpt:install owner/repo");
        table.column("Alias");
        table.column("Action");
        table.column("Version");
        table.column("Tasks").alignRight();
        table.column("Title");
        for (InstalledAction action : from.actions()) {
            table.addRow()
                    .addContent(
                            action.alias(),
                            action.id() + (action.files().builtIn() ? " (built in)" : ""),
                            Describe.version(action.files()),
                            action.manifest().tasks().size(),
                            Plain.line(action.manifest().title(), 60));
        }
        return table;
    }

    private static ShellTable tasks(ActionRegistry from) {
        var table =
                new ShellTable().emptyTableText("No action is installed; install one with rungpt:install owner/repo");
        table.column("Task");
        table.column("Effects");
        table.column("Description");
        for (InstalledAction action : from.actions()) {
            action.manifest().tasks().forEach(task -> table.addRow()
                    .addContent(
                            action.alias() + "." + task.name(),
                            task.effects().name().toLowerCase(Locale.ROOT),
                            Plain.line(task.description(), 100)));
        }
        return table;
    }
}
