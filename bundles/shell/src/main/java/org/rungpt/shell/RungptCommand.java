package org.rungpt.shell;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.felix.service.command.Process;
import org.apache.karaf.shell.api.action.Action;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.CommandException;
import org.apache.karaf.shell.support.table.ShellTable;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionException;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.secret.SecretException;
import org.rungpt.api.store.StoreException;
import org.rungpt.plain.Plain;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all commands share. Every service is optional, because one that is missing would hide all commands; whoever needs one says
 * so here. A failure is thrown, never printed.
 */
abstract class RungptCommand implements Action {
    private static final Logger LOG = LoggerFactory.getLogger(RungptCommand.class);
    private static final Pattern COLOUR = Pattern.compile("\u001b\\[[0-9;]*m");

    @Reference
    @Nullable
    Session session;

    @Override
    public final @Nullable Object execute() throws Exception {
        try {
            run(console());
        } catch (ActionException | ChatException | StoreException | RunnerException | SecretException e) {
            // As a failure of the command it is one line for the user; anything else would be a stack trace in the log.
            throw new CommandException(Plain.line(String.valueOf(e.getMessage())), e);
        } catch (RuntimeException e) {
            // Karaf's log of failed commands is off: it takes mistakes of the user for errors.
            LOG.error("A command has failed", e);
            throw e;
        } finally {
            // Of Ctrl-C, which was for the command: the shell would read no more.
            Thread.interrupted();
        }
        return null;
    }

    abstract void run(PrintStream out) throws Exception;

    /** The standard output of the command itself, so that it can be piped, also from other threads. */
    private static PrintStream console() {
        Process process = Process.Utils.current();
        return process == null ? System.out : process.out();
    }

    /** Prints a table, with its colours only where somebody sees them. */
    static void print(ShellTable table, PrintStream out) {
        Process process = Process.Utils.current();
        if (process != null && process.isTty(1)) {
            table.print(out);
            return;
        }
        var plain = new ByteArrayOutputStream();
        table.print(new PrintStream(plain, true, StandardCharsets.UTF_8));
        out.print(COLOUR.matcher(plain.toString(StandardCharsets.UTF_8)).replaceAll(""));
        out.flush();
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
