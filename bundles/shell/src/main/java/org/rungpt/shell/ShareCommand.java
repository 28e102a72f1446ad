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
import org.apache.karaf.shell.support.completers.FileCompleter;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Access;
import org.rungpt.api.chat.GrantSet;
import org.rungpt.api.chat.Permissions;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.ShareGuard;
import org.rungpt.plain.Plain;

/** Shares directories of this machine with the workspaces of conversations. */
@Service
@Command(
        scope = "rungpt",
        name = "share",
        description =
                "Lists, adds and removes directories of this machine that workspaces see; rungpt:grants does so for actions")
public final class ShareCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    Permissions permissions;

    @Reference(optional = true)
    @Nullable
    ShareGuard guard;

    @Argument(name = "what", description = "list, add or remove")
    @Completion(
            value = StringsCompleter.class,
            values = {"list", "add", "remove"})
    String what = "list";

    @Argument(index = 1, name = "name", description = "The directory is /share/<name> in the workspace")
    @Completion(ShareCompleter.class)
    @Nullable
    String name;

    @Argument(index = 2, name = "directory", description = "Its whole path on this machine")
    @Completion(FileCompleter.class)
    @Nullable
    String directory;

    @Option(
            name = "--write",
            description = "Files can be changed; the whole sandbox then runs as the directory's owner")
    boolean writable;

    @Option(name = "--force", description = "Also the whole home directory, or what belongs to root")
    boolean force;

    @Option(name = "--conversation", description = "In this conversation; in all of them if left out")
    @Completion(ConversationCompleter.class)
    @Nullable
    String conversation;

    @Override
    void run(PrintStream out) throws Exception {
        Permissions from = need(permissions, "The chat", "rungpt-chat");
        GrantSet before = from.grants(conversation);
        switch (what) {
            case "list" -> list(before, out);
            case "add" -> add(from, before, out);
            case "remove" -> remove(from, before, out);
            default -> throw new CommandException(Plain.line(what, 40) + ": write list, add or remove");
        }
    }

    private void list(GrantSet grants, PrintStream out) {
        if (grants.workspace().shares().isEmpty()) {
            out.println("Nothing is shared " + where());
        }
        grants.workspace()
                .shares()
                .forEach(share -> out.println("/share/" + Plain.line(share.name()) + " is " + Plain.line(share.source())
                        + (share.writable() ? ", writable" : ", read-only")));
    }

    private String where() {
        return conversation == null ? "with all conversations" : "with the conversation " + conversation;
    }

    private void add(Permissions to, GrantSet before, PrintStream out) throws Exception {
        if (name == null || directory == null) {
            throw new CommandException("write rungpt:share add <name> <directory>");
        }
        Grants.Share share = new Grants.Share(name, directory, writable, force);
        ShareGuard.Checked checked =
                need(guard, "Sharing directories", "rungpt-runner-docker").check(share);
        List<Grants.Share> shares = without(before, name);
        shares.add(checked.share());
        to.setGrants(conversation, with(before, shares));
        out.println("Shared " + where() + ": " + Plain.line(checked.share().source()) + " is /share/" + name
                + (writable ? ", writable" : ", read-only"));
        checked.notes().forEach(note -> out.println("  " + Plain.line(note)));
        tellLoss(out);
    }

    private void remove(Permissions from, GrantSet before, PrintStream out) throws Exception {
        if (name == null) {
            throw new CommandException("write rungpt:share remove <name>");
        }
        List<Grants.Share> left = without(before, name);
        if (left.size() == before.workspace().shares().size()) {
            throw new CommandException(Plain.line(name, 40) + " is not shared " + where() + "; see rungpt:share list");
        }
        from.setGrants(conversation, with(before, left));
        out.println("No longer shared " + where() + ": " + Plain.line(name));
        tellLoss(out);
    }

    private static List<Grants.Share> without(GrantSet grants, String name) {
        List<Grants.Share> left = new ArrayList<>(grants.workspace().shares());
        left.removeIf(share -> share.name().equals(name));
        return left;
    }

    private static GrantSet with(GrantSet grants, List<Grants.Share> shares) {
        Access access = grants.workspace();
        return new GrantSet(
                new Access(access.network(), shares, access.secrets(), access.workspace()), grants.actions());
    }

    private static void tellLoss(PrintStream out) {
        out.println("  The next call gets a new sandbox: /workspace stays; installed packages, other files, background"
                + " programs and started containers are lost. Calls that run now finish in the old one.");
    }
}
