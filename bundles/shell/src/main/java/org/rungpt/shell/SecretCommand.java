package org.rungpt.shell;

import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
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
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.secret.ActionSecrets;
import org.rungpt.api.secret.SecretStore;
import org.rungpt.plain.Plain;

/** Keeps the secrets that actions ask for. A value is typed unseen or read from standard input, and never shown. */
@Service
@Command(
        scope = "rungpt",
        name = "secret",
        description = "Lists, sets and removes the secrets that actions ask for; values are never shown")
public final class SecretCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    SecretStore secrets;

    @Reference(optional = true)
    @Nullable
    ActionRegistry registry;

    @Argument(name = "what", description = "list, set or remove")
    @Completion(
            value = StringsCompleter.class,
            values = {"list", "set", "remove"})
    String what = "list";

    @Argument(index = 1, name = "action", description = "owner/repo[/dir] or the alias")
    @Completion(InstalledCompleter.class)
    @Nullable
    String action;

    @Argument(index = 2, name = "name", description = "The name of the secret in the action's manifest")
    @Completion(SecretCompleter.class)
    @Nullable
    String name;

    @Override
    void run(PrintStream out) throws Exception {
        SecretStore store = need(secrets, "The store of secrets", "rungpt-secrets");
        switch (what) {
            case "list" -> list(store, out);
            case "set" -> set(store, out);
            case "remove" -> remove(store, out);
            default -> throw new CommandException(Plain.line(what, 40) + ": write list, set or remove");
        }
    }

    private void list(SecretStore store, PrintStream out) throws Exception {
        Set<String> kept = store.names().stream()
                .filter(key -> ActionSecrets.read(key).isPresent())
                .collect(Collectors.toCollection(TreeSet::new));
        var table = new ShellTable().emptyTableText("No installed action asks for a secret");
        table.column("Action");
        table.column("Secret");
        table.column("Is set");
        table.column("Meant for");
        for (InstalledAction one : registry == null ? List.<InstalledAction>of() : registry.actions()) {
            for (Manifest.Secret secret : one.manifest().secrets()) {
                boolean set = kept.remove(ActionSecrets.key(one.id(), secret.name()));
                table.addRow()
                        .addContent(
                                one.id().value(), secret.name(), set ? "yes" : "no", String.join(", ", secret.hosts()));
            }
        }
        for (String key : kept) {
            ActionSecrets.read(key).ifPresent(left -> table.addRow()
                    .addContent(left.action().value(), Plain.line(left.name()), "yes", "(nobody asks for it)"));
        }
        table.print(out);
    }

    private void set(SecretStore store, PrintStream out) throws Exception {
        ActionId id = Named.id(needed(action, "rungpt:secret set <action> <name>"), registry);
        String secret = needed(name, "rungpt:secret set <action> <name>");
        Optional<InstalledAction> installed = Found.action(registry, id);
        if (installed.isEmpty()) {
            throw new CommandException(id + " is not installed; see rungpt:list");
        }
        List<String> asked = installed.get().manifest().secrets().stream()
                .map(Manifest.Secret::name)
                .toList();
        if (!asked.contains(secret)) {
            throw new CommandException(id + " asks for no secret " + Plain.line(secret, 40)
                    + (asked.isEmpty() ? "; it asks for none" : "; it asks for " + String.join(", ", asked)));
        }
        String value =
                Unseen.read(session, isInteractive(), "Value of " + secret + " for " + id, ActionSecrets.LONGEST);
        Optional<String> problem = ActionSecrets.problem(value);
        if (problem.isPresent()) {
            throw new CommandException("Not set: " + problem.get());
        }
        store.put(ActionSecrets.key(id, secret), value);
        out.println("Set: the secret " + secret + " of " + id
                + ". The action gets it once you approve a call that asks for it, or by rungpt:grants.");
    }

    private static String needed(@Nullable String argument, String usage) throws CommandException {
        if (argument == null) {
            throw new CommandException("write " + usage);
        }
        return argument;
    }

    private void remove(SecretStore store, PrintStream out) throws Exception {
        ActionId id = Named.id(needed(action, "rungpt:secret remove <action> <name>"), registry);
        String secret = needed(name, "rungpt:secret remove <action> <name>");
        String key = ActionSecrets.key(id, secret);
        if (!store.names().contains(key)) {
            throw new CommandException("the secret " + Plain.line(secret, 40) + " of " + id + " is not set");
        }
        store.remove(key);
        out.println("Removed: the secret " + secret + " of " + id);
    }
}
