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
import org.rungpt.api.store.ConversationArchive;
import org.rungpt.api.store.ConversationArchive.Entry;
import org.rungpt.api.store.ConversationArchive.Which;
import org.rungpt.plain.Plain;

/** Lists conversations. */
@Service
@Command(scope = "rungpt", name = "conversations", description = "Lists conversations, the latest first")
public final class ConversationsCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    ConversationArchive archive;

    @Option(name = "--archived", description = "Those that were archived")
    boolean archived;

    @Option(name = "--pinned", description = "Those that are pinned")
    boolean pinned;

    @Option(name = "--tag", description = "Those with this tag")
    @Nullable
    String tag;

    @Option(name = "--limit", description = "How many at most")
    int limit = 20;

    @Override
    void run(PrintStream out) throws Exception {
        var table = new ShellTable().emptyTableText("There is no conversation yet; begin one with rungpt:ask");
        table.column("Conversation");
        table.column("Updated");
        table.column("State");
        table.column("Model");
        table.column("Tags");
        table.column("Title");
        ConversationArchive from = need(archive, "The list of conversations", "rungpt-store-sqlite");
        Which which = archived ? Which.ARCHIVED : pinned ? Which.PINNED : Which.CURRENT;
        for (Entry entry : from.list(which, tag, null, Math.max(1, Math.min(limit, 1000)))) {
            Conversation conversation = entry.conversation();
            table.addRow()
                    .addContent(
                            conversation.id(),
                            Told.time(conversation.updated()),
                            conversation.state().name().toLowerCase(Locale.ROOT),
                            Plain.line(conversation.model(), 50),
                            Plain.line(
                                    (entry.labels().pinned() ? "pinned " : "")
                                            + String.join(", ", entry.labels().tags()),
                                    30),
                            Plain.line(conversation.title(), 60));
        }
        print(table, out);
    }
}
