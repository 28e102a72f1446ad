package org.rungpt.shell;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.CommandException;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Permissions;
import org.rungpt.api.chat.Policy;
import org.rungpt.plain.Plain;

/** Shows and changes which calls are asked about. */
@Service
@Command(
        scope = "rungpt",
        name = "policy",
        description = "Shows and changes which calls run, are asked about, or are denied")
public final class PolicyCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    Permissions permissions;

    @Argument(name = "conversation", description = "Of this conversation; of all conversations if left out")
    @Completion(ConversationCompleter.class)
    @Nullable
    String conversation;

    @Option(name = "--mode", description = "border (ask where a call leaves its sandbox), always, full, or inherit")
    @Completion(
            value = StringsCompleter.class,
            values = {"border", "always", "full", "inherit"})
    @Nullable
    String mode;

    @Option(name = "--allow", description = "Adds a rule: calls that fit run, like acme/plot.*", multiValued = true)
    @Nullable
    List<String> allow;

    @Option(name = "--ask", description = "Adds a rule: calls that fit are asked about", multiValued = true)
    @Nullable
    List<String> ask;

    @Option(
            name = "--deny",
            description = "Adds a rule: calls that fit never run, whatever else says",
            multiValued = true)
    @Nullable
    List<String> deny;

    @Option(name = "--first", description = "Puts new rules before the others; the first that fits counts")
    boolean first;

    @Option(
            name = "--remove",
            description = "Takes back a rule by its glob, or an approval; all for everything",
            multiValued = true)
    @Nullable
    List<String> remove;

    @Override
    void run(PrintStream out) throws Exception {
        Permissions from = need(permissions, "The chat", "rungpt-chat");
        Policy before = from.policy(conversation);
        Policy after = changed(before);
        if (!after.equals(before)) {
            from.setPolicy(conversation, after);
        }
        print(from.policy(conversation), out);
    }

    private Policy changed(Policy before) throws CommandException {
        List<String> gone = remove == null ? List.of() : remove;
        for (String one : gone) {
            if (!one.equals("all")
                    && !before.approvals().contains(one)
                    && before.rules().stream().noneMatch(rule -> rule.match().equals(one))) {
                throw new CommandException(Plain.line(one, 80) + " is neither a rule nor an approval here");
            }
        }
        List<Policy.Rule> kept = new ArrayList<>(before.rules().stream()
                .filter(rule -> !gone.contains("all") && !gone.contains(rule.match()))
                .toList());
        List<Policy.Rule> more = new ArrayList<>();
        add(more, Policy.Effect.ALLOW, allow);
        add(more, Policy.Effect.ASK, ask);
        add(more, Policy.Effect.DENY, deny);
        kept.addAll(first ? 0 : kept.size(), more);
        List<String> approvals = before.approvals().stream()
                .filter(approval -> !gone.contains("all") && !gone.contains(approval))
                .toList();
        return new Policy(mode == null ? before.mode() : mode(mode), kept, approvals);
    }

    private static Policy.@Nullable Mode mode(String text) throws CommandException {
        if (text.equals("inherit")) {
            return null;
        }
        try {
            return Policy.Mode.valueOf(text.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new CommandException(Plain.line(text, 40) + " is no mode: border, always, full or inherit", e);
        }
    }

    private static void add(List<Policy.Rule> rules, Policy.Effect effect, @Nullable List<String> globs)
            throws CommandException {
        for (String glob : globs == null ? List.<String>of() : globs) {
            try {
                rules.add(new Policy.Rule(effect, glob));
            } catch (IllegalArgumentException e) {
                throw new CommandException(Plain.line(glob, 80) + " is " + e.getMessage(), e);
            }
        }
    }

    private void print(Policy policy, PrintStream out) {
        Policy.Mode held = policy.mode();
        out.println("mode       "
                + (held != null ? held.wire() : conversation == null ? "border" : "as for all conversations"));
        policy.rules()
                .forEach(rule -> out.println(
                        String.format(Locale.ROOT, "%-10s ", rule.effect().wire()) + Plain.line(rule.match())));
        policy.approvals().forEach(approval -> out.println("approved   " + Plain.line(approval)));
    }
}
