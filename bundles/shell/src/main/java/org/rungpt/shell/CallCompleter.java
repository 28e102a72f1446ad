package org.rungpt.shell;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.store.ConversationStore;
import org.rungpt.api.store.StoreException;

/** Completes the ids of the calls of the conversation that is named before. */
@Service
public final class CallCompleter implements Completer {
    private static final int MOST_EVENTS = 10_000;
    private static final Pattern CALL = Pattern.compile("\"call\":\"([^\"]+)\"");

    @Reference(optional = true)
    @Nullable
    ConversationStore store;

    @Override
    public int complete(Session session, CommandLine line, List<String> candidates) {
        ConversationStore from = store;
        if (from == null || line.getArguments().length < 2) {
            return -1;
        }
        var completer = new StringsCompleter();
        try {
            for (ConversationEvent event : from.events(line.getArguments()[1], 0, MOST_EVENTS)) {
                Matcher call = CALL.matcher(event.data());
                if (event.type().equals(EventType.CALL_FINISHED) && call.find()) {
                    completer.getStrings().add(call.group(1));
                }
            }
        } catch (StoreException e) {
            return -1;
        }
        return completer.complete(session, line, candidates);
    }
}
