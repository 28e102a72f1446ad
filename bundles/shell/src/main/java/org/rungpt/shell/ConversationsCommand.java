package org.rungpt.shell;

import java.io.PrintStream;
import java.util.Locale;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.table.ShellTable;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.store.ConversationStore;

/** Lists conversations. */
@Service
@Command(scope = "rungpt", name = "conversations", description = "Lists conversations, the latest first")
public final class ConversationsCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    ConversationStore store;

    @Option(name = "--limit", description = "How many at most")
    int limit = 20;

    @Override
    void run(PrintStream out) throws Exception {
        var table = new ShellTable().emptyTableText("There is no conversation yet; begin one with rungpt:ask");
        table.column("Conversation");
        table.column("Updated");
        table.column("State");
        table.column("Model");
        table.column("Title");
        ConversationStore from = need(store, "The list of conversations", "rungpt-store-sqlite");
        for (Conversation conversation : from.list(null, Math.max(1, Math.min(limit, 1000)))) {
            table.addRow()
                    .addContent(
                            conversation.id(),
                            Plain.time(conversation.updated()),
                            conversation.state().name().toLowerCase(Locale.ROOT),
                            Plain.line(conversation.model(), 50),
                            Plain.line(conversation.title(), 60));
        }
        print(table, out);
    }
}
