package org.rungpt.shell;

import java.io.PrintStream;
import java.util.stream.Collectors;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.CommandException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.runner.WorkspaceJournal.Change;
import org.rungpt.api.runner.WorkspaceJournal.Revert;
import org.rungpt.plain.Plain;

/** Brings the files back that a call changed. */
@Service
@Command(
        scope = "rungpt",
        name = "revert",
        description = "Brings the files that a call changed back to what they were before")
public final class RevertCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    Conversations conversations;

    @Argument(index = 0, name = "conversation", description = "Id of the conversation", required = true)
    @Completion(ConversationCompleter.class)
    String conversation = "";

    @Argument(index = 1, name = "call", description = "Id of the call, or of a revert", required = true)
    @Completion(CallCompleter.class)
    String call = "";

    @Override
    void run(PrintStream out) throws Exception {
        Revert revert = need(conversations, "Reverting", "rungpt-chat").revert(conversation, call);
        if (revert.id() == null) {
            throw new CommandException(revert.obstacles().stream()
                    .map(obstacle -> "\n  " + Plain.line(obstacle, 200))
                    .collect(Collectors.joining("", "Nothing was reverted:", "")));
        }
        for (Change change : revert.files()) {
            out.println("  " + Plain.line(change.path(), 200));
        }
        out.println("Brought back. To undo that: rungpt:revert " + conversation + " " + revert.id());
    }
}
