package org.rungpt.shell;

import java.io.PrintStream;
import java.util.List;
import org.apache.karaf.shell.api.action.Action;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.CommandException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionException;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.store.StoreException;

/**
 * What all commands share. Every service is optional, because one that is missing would hide all commands; whoever needs one says
 * so here. A failure is thrown, never printed.
 */
abstract class RungptCommand implements Action {
    @Reference
    @Nullable
    Session session;

    @Override
    public final @Nullable Object execute() throws Exception {
        try {
            run(console());
        } catch (ActionException | ChatException | StoreException | RunnerException e) {
            // As a failure of the command it is one line for the user; anything else would be a stack trace in the log.
            throw new CommandException(Plain.line(String.valueOf(e.getMessage())), e);
        }
        return null;
    }

    abstract void run(PrintStream out) throws Exception;

    /** Output goes to the session itself: a returned value is not shown when a command comes over SSH. */
    private PrintStream console() {
        Session now = session;
        return now == null ? System.out : now.getConsole();
    }

    /** Whether somebody sits at a terminal. */
    final boolean isInteractive() {
        return session != null && session.getTerminal() != null;
    }

    static <T> T need(@Nullable T service, String what, String feature) throws CommandException {
        if (service == null) {
            throw new CommandException(what + " is not there now: start the feature " + feature + " (feature:install "
                    + feature + "), or see rungpt:doctor");
        }
        return service;
    }

    static <T> List<T> all(@Nullable List<T> services) {
        return services == null
                ? List.of()
                : services.stream().filter(service -> service != null).toList();
    }
}
