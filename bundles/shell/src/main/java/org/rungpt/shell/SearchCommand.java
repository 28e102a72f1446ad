package org.rungpt.shell;

import java.io.PrintStream;
import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.table.ShellTable;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.store.ConversationArchive;
import org.rungpt.api.store.ConversationArchive.Hit;
import org.rungpt.plain.Plain;

/** Finds words in messages, outputs and titles. */
@Service
@Command(
        scope = "rungpt",
        name = "search",
        description = "Finds words in messages, outputs and titles, the newest first")
public final class SearchCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    ConversationArchive archive;

    @Option(name = "--limit", description = "How many at most")
    int limit = 20;

    @Argument(
            name = "words",
            description = "What to find; \"phrases in quotation marks\" too",
            required = true,
            multiValued = true)
    @Nullable
    List<String> words;

    @Override
    void run(PrintStream out) throws Exception {
        var table = new ShellTable().emptyTableText("Nothing was found");
        table.column("Conversation");
        table.column("Event");
        table.column("Title");
        table.column("Text");
        ConversationArchive from = need(archive, "The search", "rungpt-store-sqlite");
        String query = String.join(" ", words == null ? List.of() : words);
        for (Hit hit : from.search(query, Math.max(1, Math.min(limit, 200)))) {
            table.addRow()
                    .addContent(
                            hit.entry().conversation().id(),
                            hit.seq(),
                            Plain.line(hit.entry().conversation().title(), 30),
                            Plain.line(hit.snippet(), 120));
        }
        print(table, out);
    }
}
