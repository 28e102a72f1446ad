package org.rungpt.shell;

import java.io.PrintStream;
import java.util.Comparator;
import java.util.List;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.table.ShellTable;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;
import org.rungpt.plain.Plain;

/** Shows how the parts stand. */
@Service
@Command(scope = "rungpt", name = "status", description = "Shows which parts of RunGPT are ready")
public final class StatusCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    List<StatusSource> parts;

    @Override
    void run(PrintStream out) {
        var table = new ShellTable().emptyTableText("No part of RunGPT is there; see rungpt:doctor");
        table.column("Part");
        table.column("Ready");
        table.column("Why");
        all(parts).stream().sorted(Comparator.comparing(StatusSource::id)).forEach(part -> {
            Readiness readiness = part.readiness();
            table.addRow().addContent(part.id(), readiness.ready() ? "yes" : "no", Plain.line(readiness.reason(), 150));
        });
        print(table, out);
    }
}
