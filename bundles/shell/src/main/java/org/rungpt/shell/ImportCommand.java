package org.rungpt.shell;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.CommandException;
import org.apache.karaf.shell.support.completers.FileCompleter;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Library;
import org.rungpt.plain.Plain;

/** Takes conversations from a file. */
@Service
@Command(
        scope = "rungpt",
        name = "import",
        description = "Takes conversations from a JSON export of RunGPT or a conversations.json of ChatGPT")
public final class ImportCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    Library library;

    @Argument(name = "file", description = "The file, on the server's machine", required = true)
    @Completion(FileCompleter.class)
    String file = "";

    @Override
    void run(PrintStream out) throws Exception {
        Library into = need(library, "The chat engine", "rungpt-chat");
        Path from = Path.of(file).toAbsolutePath();
        try (InputStream in = Files.newInputStream(from)) {
            Library.Imported imported = into.importAll(in);
            imported.conversations().forEach(out::println);
            imported.notes().forEach(note -> out.println(Plain.line(note)));
            out.println(Told.count(imported.conversations().size(), "conversation", "conversations") + " imported");
        } catch (IOException e) {
            throw new CommandException(from + " cannot be read: " + e, e);
        }
    }
}
