package org.rungpt.shell;

import java.io.PrintStream;
import java.nio.ByteBuffer;
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
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.plain.Plain;

/** Builds images ahead. Ctrl-C interrupts, which stops the build. */
@Service
@Command(
        scope = "rungpt",
        name = "prepare",
        description = "Builds the images of actions ahead of their first call; Ctrl-C stops it")
public final class PrepareCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    ActionRunner runner;

    @Reference(optional = true)
    @Nullable
    ActionRegistry registry;

    @Option(name = "--all", description = "everything that is installed")
    boolean all;

    @Argument(name = "action", description = "owner/repo[/dir] or the alias")
    @Completion(InstalledCompleter.class)
    @Nullable
    String action;

    @Override
    void run(PrintStream out) throws Exception {
        ActionRunner builder = need(runner, "Building images", "rungpt-runner-docker");
        List<InstalledAction> wanted = wanted();
        List<String> failures = new ArrayList<>();
        for (InstalledAction one : wanted) {
            var progress = new ProgressLine(out, isInteractive());
            try {
                builder.prepare(one, new Steps(progress));
            } catch (RunnerException e) {
                if (e.kind() == RunnerException.Kind.CANCELLED || wanted.size() == 1) {
                    throw e;
                }
                failures.add(one.id() + ": " + Plain.line(String.valueOf(e.getMessage())));
                continue;
            } finally {
                // Ctrl-C was for the build; a thread that is still interrupted would end the terminal's stream by
                // writing to it.
                Thread.interrupted();
                progress.end();
            }
            out.println("Ready: " + one.id() + " " + Describe.version(one.files()));
        }
        if (!failures.isEmpty()) {
            throw new CommandException(String.join("\n", failures));
        }
    }

    private List<InstalledAction> wanted() throws CommandException {
        String one = action;
        if (all == (one != null)) {
            throw new CommandException("name an action, or --all for everything that is installed");
        }
        if (one == null) {
            return need(registry, "The list of actions", "rungpt-registry").actions();
        }
        ActionId id = Named.id(one, registry);
        return List.of(Found.action(registry, id)
                .orElseThrow(() -> new CommandException(id + " is not installed: see rungpt:list")));
    }

    private record Steps(ProgressLine line) implements CallObserver {
        @Override
        public void output(Stream stream, long offset, ByteBuffer bytes) {
            // Building is told in steps.
        }

        @Override
        public void progress(String step) {
            line.report(step, -1, -1);
        }
    }
}
