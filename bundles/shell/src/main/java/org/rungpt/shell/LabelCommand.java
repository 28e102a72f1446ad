package org.rungpt.shell;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.CommandException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.store.ConversationArchive;
import org.rungpt.api.store.ConversationArchive.Labels;
import org.rungpt.plain.Plain;

/** Pins, archives and tags a conversation. */
@Service
@Command(scope = "rungpt", name = "label", description = "Pins, archives and tags a conversation")
public final class LabelCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    ConversationArchive archive;

    @Option(name = "--pin", description = "Pins it")
    boolean pin;

    @Option(name = "--unpin", description = "Unpins it")
    boolean unpin;

    @Option(name = "--archive", description = "Takes it out of the list")
    boolean away;

    @Option(name = "--unarchive", description = "Puts it back into the list")
    boolean back;

    @Option(name = "--tag", description = "Adds a tag; may be repeated", multiValued = true)
    @Nullable
    List<String> tag;

    @Option(name = "--untag", description = "Removes a tag; may be repeated", multiValued = true)
    @Nullable
    List<String> untag;

    @Argument(name = "conversation", description = "Its id", required = true)
    @Completion(ConversationCompleter.class)
    String conversation = "";

    @Override
    void run(PrintStream out) throws Exception {
        ConversationArchive in = need(archive, "The conversation store", "rungpt-store-sqlite");
        if (in.entry(conversation).isEmpty()) {
            throw new CommandException("There is no conversation " + Plain.line(conversation));
        }
        try {
            in.label(conversation, this::changed);
        } catch (IllegalArgumentException e) {
            throw new CommandException("Wrong tag: " + e.getMessage(), e);
        }
    }

    private Labels changed(Labels before) {
        List<String> tags = new ArrayList<>(before.tags());
        tags.addAll(tag == null ? List.of() : tag);
        tags.removeAll(untag == null ? List.of() : untag);
        return new Labels(pin || before.pinned() && !unpin, away || before.archived() && !back, tags);
    }
}
