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

/** Copies all conversations with their files, and settings, while work goes on. */
@Service
@Command(
        scope = "rungpt",
        name = "backup",
        description = "Copies all conversations with their files, and settings, while work goes on")
public final class BackupCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    ConversationArchive archive;

    @Argument(
            name = "directory",
            description = "A new directory on the server's machine; one in the directory of backups if left out")
    @Completion(FileCompleter.class)
    @Nullable
    String directory;

    @Override
    void run(PrintStream out) throws Exception {
        Path copy = need(archive, "The conversation store", "rungpt-store-sqlite")
                .backUp(directory == null ? null : Path.of(directory));
        out.println("Copied to " + copy + "; to go back to it, stop RunGPT and use: rungpt restore " + copy);
    }
}
