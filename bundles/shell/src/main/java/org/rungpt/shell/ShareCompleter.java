package org.rungpt.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Permissions;

/** Completes the names of what is shared with all conversations. */
@Service
public final class ShareCompleter implements Completer {
    @Reference(optional = true)
    @Nullable
    Permissions permissions;

    @Override
    public int complete(Session session, CommandLine line, List<String> candidates) {
        var known = new StringsCompleter();
        try {
            if (permissions != null) {
                permissions.grants(null).workspace().shares().forEach(share -> known.getStrings()
                        .add(share.name()));
            }
        } catch (ChatException e) {
            return -1;
        }
        return known.complete(session, line, candidates);
    }
}
