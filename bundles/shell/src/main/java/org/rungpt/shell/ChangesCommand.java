package org.rungpt.shell;

import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.table.ShellTable;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.WorkspaceJournal;
import org.rungpt.api.runner.WorkspaceJournal.Change;
import org.rungpt.api.runner.WorkspaceJournal.Changes;
import org.rungpt.plain.Plain;

/** Tells what a call changed in the workspace. */
@Service
@Command(scope = "rungpt", name = "changes", description = "Lists the files that a call changed, or shows how")
public final class ChangesCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    WorkspaceJournal journal;

    @Argument(index = 0, name = "conversation", description = "Id of the conversation", required = true)
    @Completion(ConversationCompleter.class)
    String conversation = "";

    @Argument(index = 1, name = "call", description = "Id of the call, or of a revert", required = true)
    @Completion(CallCompleter.class)
    String call = "";

    @Option(name = "--diff", description = "Show the difference, line by line")
    boolean diff;

    @Override
    void run(PrintStream out) throws Exception {
        WorkspaceJournal from = need(journal, "The journal of workspaces", "rungpt-runner-docker");
        Optional<Changes> changes = from.changes(conversation, call);
        if (changes.isEmpty()) {
            out.println("Nothing is recorded of this call: it could change nothing, or did not run.");
            return;
        }
        if (diff) {
            out.print(Plain.text(from.diff(conversation, call).orElse("")));
        } else {
            var table = new ShellTable().emptyTableText("The call changed nothing");
            table.column("File");
            table.column("Change");
            table.column("Before").alignRight();
            table.column("After").alignRight();
            table.column("Revertible");
            for (Change change : changes.get().files()) {
                table.addRow()
                        .addContent(
                                Plain.line(change.path(), 80),
                                change.kind().name().toLowerCase(Locale.ROOT),
                                change.before(),
                                change.after(),
                                change.revertible() ? "yes" : "no");
            }
            print(table, out);
        }
        if (!changes.get().together().isEmpty()) {
            out.println(
                    "Ran at the same time: " + String.join(", ", changes.get().together()));
        }
        if (changes.get().note() != null) {
            out.println(changes.get().note());
        }
    }
}
