package org.rungpt.shell;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
import org.rungpt.api.chat.Access;
import org.rungpt.api.chat.GrantSet;
import org.rungpt.api.chat.Permissions;
import org.rungpt.api.runner.Grants;
import org.rungpt.plain.Plain;

/** Shows and changes what sandboxes may do across their border. */
@Service
@Command(
        scope = "rungpt",
        name = "grants",
        description = "Shows and changes what may be reached from sandboxes: network, shares, secrets, the workspace")
public final class GrantsCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    Permissions permissions;

    @Reference(optional = true)
    @Nullable
    ActionRegistry registry;

    @Argument(name = "conversation", description = "Of this conversation; of all conversations if left out")
    @Completion(ConversationCompleter.class)
    @Nullable
    String conversation;

    @Option(name = "--action", description = "To this action as it is installed now, instead of to the workspace")
    @Completion(InstalledCompleter.class)
    @Nullable
    String action;

    @Option(
            name = "--network",
            description = "Lets it reach a host:port, *.domain:port, package-mirrors or internet; may be repeated",
            multiValued = true)
    @Nullable
    List<String> network;

    @Option(
            name = "--share",
            description = "Lets it read a directory, name=/path, or write it too, name=/path:rw; may be repeated",
            multiValued = true)
    @Nullable
    List<String> shares;

    @Option(name = "--force", description = "Shares a directory that is refused otherwise")
    boolean force;

    @Option(
            name = "--secret",
            description = "Lets the action use a secret that its manifest names; may be repeated",
            multiValued = true)
    @Nullable
    List<String> secrets;

    @Option(name = "--workspace", description = "Lets the action see and change the files of conversations")
    boolean workspace;

    @Option(
            name = "--remove",
            description = "Takes a host, share or secret back, or workspace, or all; may be repeated",
            multiValued = true)
    @Nullable
    List<String> remove;

    @Override
    void run(PrintStream out) throws Exception {
        Permissions from = need(permissions, "The chat", "rungpt-chat");
        GrantSet before = from.grants(conversation);
        GrantSet after = changed(before);
        if (!after.equals(before)) {
            from.setGrants(conversation, after);
        }
        print(from.grants(conversation), out);
    }

    private GrantSet changed(GrantSet before) throws CommandException {
        if (action == null) {
            return new GrantSet(changed(before.workspace()), before.actions());
        }
        ActionId id = Named.id(action, registry);
        Optional<InstalledAction> installed = Found.action(registry, id);
        List<GrantSet.ForAction> others = new ArrayList<>();
        if (installed.isEmpty()) {
            if (remove == null || !remove.contains("all")) {
                throw new CommandException(id + " is not installed; --remove all takes back what it was granted");
            }
            before.actions().stream().filter(one -> !one.action().equals(id)).forEach(others::add);
            return new GrantSet(before.workspace(), others);
        }
        String hash = installed.get().files().contentHash();
        Access access = changed(before.of(id, hash));
        before.actions().stream()
                .filter(one -> !one.action().equals(id) || !one.contentHash().equals(hash))
                .forEach(others::add);
        return new GrantSet(before.workspace(), others).with(id, hash, access);
    }

    private Access changed(Access before) throws CommandException {
        List<String> gone = remove == null ? List.of() : remove;
        Access kept = gone.contains("all")
                ? Access.NONE
                : new Access(
                        before.network().stream()
                                .filter(host -> !gone.contains(host))
                                .toList(),
                        before.shares().stream()
                                .filter(share -> !gone.contains(share.name()))
                                .toList(),
                        before.secrets().stream()
                                .filter(secret -> !gone.contains(secret))
                                .toList(),
                        before.workspace() && !gone.contains("workspace"));
        List<Grants.Share> more = new ArrayList<>();
        for (String share : shares == null ? List.<String>of() : shares) {
            more.add(share(share));
        }
        return kept.and(new Access(
                network == null ? List.of() : network, more, secrets == null ? List.of() : secrets, workspace));
    }

    private Grants.Share share(String text) throws CommandException {
        int equals = text.indexOf('=');
        if (equals < 1 || equals == text.length() - 1) {
            throw new CommandException(Plain.line(text, 80) + " is no share: write name=/path or name=/path:rw");
        }
        boolean writable = text.endsWith(":rw");
        int end = writable || text.endsWith(":ro") ? text.length() - 3 : text.length();
        return new Grants.Share(text.substring(0, equals), text.substring(equals + 1, end), writable, force);
    }

    private void print(GrantSet grants, PrintStream out) {
        String where = conversation == null ? "in all conversations" : "in the conversation " + conversation;
        out.println("The workspace may, " + where + ":");
        lines(grants.workspace()).forEach(out::println);
        for (GrantSet.ForAction one : grants.actions()) {
            String version = Found.action(registry, one.action())
                    .filter(installed -> installed.files().contentHash().equals(one.contentHash()))
                    .map(installed -> Describe.version(installed.files()))
                    .orElse("in a version that is not installed now");
            out.println(one.action() + " " + version + " may:");
            lines(one.access()).forEach(out::println);
        }
    }

    /** One line for each thing. */
    static List<String> lines(Access access) {
        List<String> lines = new ArrayList<>();
        access.network().forEach(host -> lines.add("  reach " + Plain.line(host)));
        access.shares()
                .forEach(share -> lines.add("  " + (share.writable() ? "read and write " : "read ")
                        + Plain.line(share.source()) + " as /share/" + Plain.line(share.name())
                        + (share.forced() ? " (forced)" : "")));
        access.secrets().forEach(secret -> lines.add("  use the secret " + Plain.line(secret)));
        if (access.workspace()) {
            lines.add("  see and change the conversation's files");
        }
        if (lines.isEmpty()) {
            lines.add("  do nothing across its border");
        }
        return lines;
    }
}
