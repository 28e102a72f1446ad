package org.rungpt.shell;

import java.io.PrintStream;
import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.CommandException;
import org.apache.karaf.shell.support.table.ShellTable;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ModelProbes;
import org.rungpt.api.chat.ProbeReport;
import org.rungpt.plain.Plain;

/** Asks a model a few tasks with each protocol and says which it handles better. It costs tokens and runs nothing. */
@Service
@Command(scope = "rungpt", name = "probe", description = "Says by which protocol a model calls better (costs tokens)")
public final class ProbeCommand extends RungptCommand {
    private static final long LOOK_MILLIS = 200;

    @Reference(optional = true)
    @Nullable
    ModelProbes probes;

    @Argument(name = "model", description = "full id, such as openai/gpt-5", required = true)
    @Completion(ModelCompleter.class)
    String model = "";

    @Override
    void run(PrintStream out) throws Exception {
        ModelProbes all = need(probes, "The chat engine", "rungpt-chat");
        ProbeReport report = all.start(model);
        try {
            int told = -1;
            while (report.state() == ProbeReport.State.RUNNING) {
                if (report.done() != told) {
                    told = report.done();
                    out.println("Task " + (told + 1) + " of " + report.total());
                }
                Thread.sleep(LOOK_MILLIS);
                report = all.report(model).orElse(report);
            }
        } catch (InterruptedException e) {
            all.cancel(model);
            throw e;
        }
        tell(report, out);
    }

    private static void tell(ProbeReport report, PrintStream out) throws CommandException {
        var table = new ShellTable();
        for (String column : List.of("Protocol", "Tasks", "Valid", "Right", "Tokens", "Seconds")) {
            table.column(column);
        }
        for (ProbeReport.Score score : report.scores()) {
            table.addRow()
                    .addContent(
                            score.protocol(),
                            score.tasks(),
                            score.valid(),
                            score.right(),
                            score.tokens(),
                            score.millis() / 1000.0);
        }
        print(table, out);
        if (report.state() != ProbeReport.State.DONE) {
            throw new CommandException(
                    report.problem() == null ? "the probe was cancelled" : Plain.line(report.problem()));
        }
        out.println(
                report.better() == null
                        ? report.model() + " does as well with one as with another"
                        : report.model() + " does better with " + report.better());
    }
}
