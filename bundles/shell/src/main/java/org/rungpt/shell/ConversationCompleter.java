package org.rungpt.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.store.ConversationStore;
import org.rungpt.api.store.StoreException;

/** Completes the ids of the conversations that were used last. */
@Service
public final class ConversationCompleter implements Completer {
    private static final int LATEST = 50;

    @Reference(optional = true)
    @Nullable
    ConversationStore store;

    @Override
    public int complete(Session session, CommandLine line, List<String> candidates) {
        ConversationStore from = store;
        if (from == null) {
            return -1;
        }
        var completer = new StringsCompleter();
        try {
            from.list(null, LATEST).forEach(one -> completer.getStrings().add(one.id()));
        } catch (StoreException e) {
            return -1;
        }
        return completer.complete(session, line, candidates);
    }
}
