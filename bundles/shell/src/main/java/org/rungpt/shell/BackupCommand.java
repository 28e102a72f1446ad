package org.rungpt.shell;

import java.io.PrintStream;
import java.nio.file.Path;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.completers.FileCompleter;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.store.ConversationArchive;

/** Copies all conversations and settings while work goes on. */
@Service
@Command(scope = "rungpt", name = "backup", description = "Copies all conversations and settings while work goes on")
public final class BackupCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    ConversationArchive archive;

    @Argument(
            name = "file",
            description = "A new file on the server's machine; in the directory of backups if left out")
    @Completion(FileCompleter.class)
    @Nullable
    String file;

    @Override
    void run(PrintStream out) throws Exception {
        Path copy = need(archive, "The conversation store", "rungpt-store-sqlite")
                .backUp(file == null ? null : Path.of(file));
        out.println("Copied to " + copy + "; stop RunGPT and use ./rungpt restore FILE to go back to it");
    }
}
