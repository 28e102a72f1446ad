package org.rungpt.shell;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.CommandException;
import org.apache.karaf.shell.support.completers.FileCompleter;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Library;

/** Writes a conversation to a file or to the screen. */
@Service
@Command(scope = "rungpt", name = "export", description = "Writes a conversation as Markdown, JSON or HTML")
public final class ExportCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    Library library;

    @Option(name = "--format", description = "markdown, json (to be imported again) or html")
    String format = "markdown";

    @Argument(name = "conversation", description = "Its id", required = true)
    @Completion(ConversationCompleter.class)
    String conversation = "";

    @Argument(index = 1, name = "file", description = "A new file on the server's machine; to the screen if left out")
    @Completion(FileCompleter.class)
    @Nullable
    String file;

    @Override
    void run(PrintStream out) throws Exception {
        Library.Format how =
                switch (format) {
                    case "markdown", "md" -> Library.Format.MARKDOWN;
                    case "json" -> Library.Format.JSON;
                    case "html" -> Library.Format.HTML;
                    default -> throw new CommandException("--format is markdown, json or html");
                };
        String text = need(library, "The chat engine", "rungpt-chat").export(conversation, how);
        if (file == null) {
            text.lines().forEach(line -> out.println(line.replaceAll("[\\p{Cc}&&[^\\t]]", "\uFFFD")));
            return;
        }
        Path to = Path.of(file).toAbsolutePath();
        try (var channel = Files.newByteChannel(
                to,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        } catch (FileAlreadyExistsException e) {
            throw new CommandException(to + " is there already; name a new file", e);
        } catch (IOException e) {
            throw new CommandException(to + " cannot be written: " + e, e);
        }
        out.println("Written to " + to);
    }
}
