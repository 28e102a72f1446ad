package org.rungpt.shell;

import java.io.PrintStream;
import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.CommandException;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.apache.karaf.shell.support.table.ShellTable;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.runner.ImageStore;
import org.rungpt.api.runner.SandboxInfo;
import org.rungpt.plain.Plain;

/** Lists sandboxes, or removes the images that nothing needs. */
@Service
@Command(
        scope = "rungpt",
        name = "sandboxes",
        description = "Lists the sandboxes that exist now; gc removes images that no installed action needs")
public final class SandboxesCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    ActionRunner runner;

    @Reference(optional = true)
    @Nullable
    ImageStore images;

    @Argument(name = "what", description = "images: lists the images made for actions; gc: removes those not needed")
    @Completion(
            value = StringsCompleter.class,
            values = {"images", "gc"})
    @Nullable
    String what;

    @Override
    void run(PrintStream out) throws Exception {
        String now = what == null ? "" : what;
        switch (now) {
            case "" -> list(out);
            case "images" -> images(out);
            case "gc" -> collect(out);
            default ->
                throw new CommandException(
                        "there is no `rungpt:sandboxes " + Plain.line(now, 40) + "`; nothing, images or gc");
        }
    }

    private void images(PrintStream out) throws Exception {
        var table = new ShellTable().emptyTableText("No image was made for an action yet");
        table.column("Image");
        table.column("MiB").alignRight();
        table.column("Needed");
        for (ImageStore.ActionImage image :
                need(images, "The list of images", "rungpt-runner-docker").images()) {
            table.addRow().addContent(Plain.line(image.name(), 80), image.bytes() >> 20, image.needed() ? "yes" : "no");
        }
        table.print(out);
    }

    private void collect(PrintStream out) throws Exception {
        List<ImageStore.ActionImage> removed =
                need(images, "Removing images", "rungpt-runner-docker").collect();
        removed.forEach(image -> out.println("Removed " + Plain.line(image.name(), 80)));
        out.println(
                removed.isEmpty()
                        ? "Every image is needed"
                        : Told.count(removed.size(), "image was", "images were") + " removed");
    }

    private void list(PrintStream out) throws Exception {
        var table = new ShellTable().emptyTableText("There is no sandbox now");
        table.column("Sandbox");
        table.column("Conversation");
        table.column("For");
        table.column("Since");
        table.column("Running calls").alignRight();
        for (SandboxInfo sandbox :
                need(runner, "The list of sandboxes", "rungpt-runner-docker").sandboxes()) {
            String conversation = sandbox.conversation();
            ActionId action = sandbox.action();
            table.addRow()
                    .addContent(
                            Plain.line(sandbox.id(), 40),
                            conversation == null ? "(waits for one)" : conversation,
                            action == null ? "workspace" : action.value(),
                            Told.time(sandbox.created()),
                            sandbox.runningCalls());
        }
        print(table, out);
    }
}
