package org.rungpt.shell;

import java.io.PrintStream;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionInstaller;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionReference;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.plain.Plain;

/** Installs an action. */
@Service
@Command(scope = "rungpt", name = "install", description = "Installs an action from a Git repository")
public final class InstallCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    ActionInstaller installer;

    @Reference(optional = true)
    @Nullable
    ActionRegistry registry;

    @Argument(
            name = "reference",
            description = "owner/repo[/dir][@version]; the version is a tag, a range like ^1.2, a commit or a branch",
            required = true)
    @Completion(InstalledCompleter.class)
    String reference = "";

    @Override
    void run(PrintStream out) throws Exception {
        ActionReference wanted = Named.reference(reference);
        var progress = new ProgressLine(out, isInteractive());
        ActionPackage files;
        try {
            files = need(installer, "Installing from Git", "rungpt-source-git").install(wanted, progress);
        } finally {
            progress.end();
        }
        out.println("Installed " + files.id() + " " + Describe.version(files));
        Found.action(registry, files.id()).ifPresent(action -> {
            action.manifest()
                    .tasks()
                    .forEach(task -> out.println(
                            "  " + action.alias() + "." + task.name() + "  " + Plain.line(task.description(), 100)));
            out.println("  asks for: " + Describe.asksFor(action));
        });
    }
}
