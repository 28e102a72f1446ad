package org.rungpt.shell;

import java.io.PrintStream;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.table.ShellTable;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.runner.SandboxInfo;

/** Lists sandboxes. */
@Service
@Command(scope = "rungpt", name = "sandboxes", description = "Lists the sandboxes that exist now")
public final class SandboxesCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    ActionRunner runner;

    @Override
    void run(PrintStream out) throws Exception {
        var table = new ShellTable().emptyTableText("There is no sandbox now");
        table.column("Sandbox");
        table.column("Conversation");
        table.column("For");
        table.column("Since");
        table.column("Running calls").alignRight();
        for (SandboxInfo sandbox :
                need(runner, "The list of sandboxes", "rungpt-runner-docker").sandboxes()) {
            String conversation = sandbox.conversation();
            ActionId action = sandbox.action();
            table.addRow()
                    .addContent(
                            Plain.line(sandbox.id(), 40),
                            conversation == null ? "(waits for one)" : conversation,
                            action == null ? "workspace" : action.value(),
                            Plain.time(sandbox.created()),
                            sandbox.runningCalls());
        }
        print(table, out);
    }
}
