package org.rungpt.shell;

import java.io.PrintStream;
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
import org.apache.karaf.shell.support.table.ShellTable;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Budget;
import org.rungpt.api.chat.Budgets;
import org.rungpt.api.chat.Spending;
import org.rungpt.plain.Plain;

/** Shows and changes what may be spent. */
@Service
@Command(
        scope = "rungpt",
        name = "budget",
        description = "Shows and changes what a turn and a conversation may spend until the user continues")
public final class BudgetCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    Spending spending;

    @Argument(name = "conversation", description = "Of this conversation; of all conversations if left out")
    @Completion(ConversationCompleter.class)
    @Nullable
    String conversation;

    @Option(
            name = "--turn",
            description =
                    "What a turn may spend, like tokens=500000: steps, calls, tokens, dollars or minutes; 0 is any, inherit as elsewhere",
            multiValued = true)
    @Completion(
            value = StringsCompleter.class,
            values = {"steps=", "calls=", "tokens=", "dollars=", "minutes="})
    @Nullable
    List<String> turn;

    @Option(
            name = "--total",
            description =
                    "What all turns of a conversation may spend together, like dollars=5: calls, tokens, dollars or minutes",
            multiValued = true)
    @Completion(
            value = StringsCompleter.class,
            values = {"calls=", "tokens=", "dollars=", "minutes="})
    @Nullable
    List<String> total;

    @Option(name = "--reset", description = "Takes back first what was set here")
    boolean reset;

    @Override
    void run(PrintStream out) throws Exception {
        Spending from = need(spending, "The chat", "rungpt-chat");
        Budgets before = from.budgets(conversation);
        Budgets start = reset ? Budgets.NONE : before;
        Budgets after = budgets(changed(start.turn(), turn), changed(start.conversation(), total));
        if (!after.equals(before)) {
            from.setBudgets(conversation, after);
        }
        print(from.budgets(conversation), from.effective(conversation), out);
    }

    private static Budgets budgets(Budget turn, Budget total) throws CommandException {
        try {
            return new Budgets(turn, total);
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()), e);
        }
    }

    private static Budget changed(Budget before, @Nullable List<String> settings) throws CommandException {
        Budget budget = before;
        for (String setting : settings == null ? List.<String>of() : settings) {
            int equals = setting.indexOf('=');
            String name = equals < 0 ? setting : setting.substring(0, equals);
            String value = equals < 0 ? "" : setting.substring(equals + 1);
            try {
                budget = with(budget, name, value.equals("inherit") ? null : value);
            } catch (NumberFormatException e) {
                throw new CommandException(
                        Plain.line(setting, 60) + " is no budget: write " + Plain.line(name, 20)
                                + "=NUMBER, 0 for any, or inherit",
                        e);
            } catch (IllegalArgumentException e) {
                throw new CommandException(String.valueOf(e.getMessage()), e);
            }
        }
        return budget;
    }

    private static Budget with(Budget old, String name, @Nullable String value) throws CommandException {
        return switch (name) {
            case "steps" ->
                new Budget(
                        value == null ? null : Integer.valueOf(value),
                        old.calls(),
                        old.tokens(),
                        old.dollars(),
                        old.minutes());
            case "calls" ->
                new Budget(
                        old.steps(),
                        value == null ? null : Integer.valueOf(value),
                        old.tokens(),
                        old.dollars(),
                        old.minutes());
            case "tokens" ->
                new Budget(
                        old.steps(),
                        old.calls(),
                        value == null ? null : Long.valueOf(value),
                        old.dollars(),
                        old.minutes());
            case "dollars" ->
                new Budget(
                        old.steps(),
                        old.calls(),
                        old.tokens(),
                        value == null ? null : Double.valueOf(value),
                        old.minutes());
            case "minutes" ->
                new Budget(
                        old.steps(),
                        old.calls(),
                        old.tokens(),
                        old.dollars(),
                        value == null ? null : Long.valueOf(value));
            default ->
                throw new CommandException(
                        Plain.line(name, 40) + " is no budget: steps, calls, tokens, dollars or minutes");
        };
    }

    private static void print(Budgets own, Budgets effective, PrintStream out) {
        var table = new ShellTable();
        table.column("Until the user continues");
        table.column("A turn").alignRight();
        table.column("All turns").alignRight();
        Budget turn = effective.turn();
        Budget total = effective.conversation();
        table.addRow().addContent("steps", cell(turn.steps(), own.turn().steps()), "");
        table.addRow()
                .addContent(
                        "calls",
                        cell(turn.calls(), own.turn().calls()),
                        cell(total.calls(), own.conversation().calls()));
        table.addRow()
                .addContent(
                        "tokens",
                        cell(turn.tokens(), own.turn().tokens()),
                        cell(total.tokens(), own.conversation().tokens()));
        table.addRow()
                .addContent(
                        "dollars",
                        cell(turn.dollars(), own.turn().dollars()),
                        cell(total.dollars(), own.conversation().dollars()));
        table.addRow()
                .addContent(
                        "minutes",
                        cell(turn.minutes(), own.turn().minutes()),
                        cell(total.minutes(), own.conversation().minutes()));
        print(table, out);
        if (!own.equals(Budgets.NONE)) {
            out.println("* set here");
        }
    }

    private static String cell(@Nullable Number holds, @Nullable Number own) {
        String mark = own == null ? "" : " *";
        if (holds == null || holds.doubleValue() == 0) {
            return "any" + mark;
        }
        String text = holds instanceof Double dollars
                ? String.format(Locale.ROOT, "%,.2f", dollars)
                : String.format(Locale.ROOT, "%,d", holds.longValue());
        return text + mark;
    }
}
