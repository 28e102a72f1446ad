package org.rungpt.shell;

import java.io.PrintStream;
import java.util.List;
import java.util.Objects;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.CommandException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionException;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionInstaller;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.plain.Plain;

/** Updates one action or all. */
@Service
@Command(
        scope = "rungpt",
        name = "update",
        description = "Updates an action, or all of them, to what the version asked for at install stands for now")
public final class UpdateCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    ActionInstaller installer;

    @Reference(optional = true)
    @Nullable
    ActionRegistry registry;

    @Argument(name = "action", description = "owner/repo[/dir] or the alias; all installed ones if left out")
    @Completion(InstalledCompleter.class)
    @Nullable
    String action;

    @Override
    void run(PrintStream out) throws Exception {
        ActionInstaller from = need(installer, "Updating from Git", "rungpt-source-git");
        List<ActionPackage> installed = from.installed();
        if (action != null) {
            update(Named.id(action, registry), from, installed, out);
            return;
        }
        int failed = 0;
        for (ActionPackage files : installed) {
            try {
                update(files.id(), from, installed, out);
            } catch (ActionException e) {
                failed++;
                out.println(Plain.line(String.valueOf(e.getMessage())));
            }
        }
        if (failed > 0) {
            throw new CommandException(Told.count(failed, "action", "actions") + " could not be updated");
        }
        if (installed.isEmpty()) {
            out.println("Nothing is installed; install an action with rungpt:install owner/repo");
        }
    }

    private void update(ActionId id, ActionInstaller from, List<ActionPackage> installed, PrintStream out)
            throws ActionException {
        var progress = new ProgressLine(out, isInteractive());
        ActionPackage now;
        try {
            now = from.update(id, progress);
        } finally {
            progress.end();
        }
        ActionPackage before = installed.stream()
                .filter(files -> files.id().equals(id))
                .findFirst()
                .orElse(now);
        out.println(
                Objects.equals(before.commit(), now.commit())
                        ? id + " is up to date: " + Describe.version(now)
                        : "Updated " + id + ": " + Describe.version(before) + " → " + Describe.version(now));
    }
}
