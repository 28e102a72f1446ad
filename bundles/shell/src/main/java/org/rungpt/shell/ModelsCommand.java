package org.rungpt.shell;

import java.io.PrintStream;
import java.util.Comparator;
import java.util.List;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.table.ShellTable;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.plain.Plain;

/** Lists models. */
@Service
@Command(scope = "rungpt", name = "models", description = "Lists the models of every connection")
public final class ModelsCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    List<ModelConnection> connections;

    @Reference(optional = true)
    @Nullable
    Conversations conversations;

    @Override
    void run(PrintStream out) {
        String preferred =
                conversations == null ? "" : conversations.defaultModel().orElse("");
        var table = new ShellTable()
                .emptyTableText("No model is known: start a feature rungpt-model-…, or see rungpt:doctor");
        table.column("Model");
        table.column("Title");
        table.column("Context").alignRight();
        table.column("Default");
        List<ModelConnection> all = all(connections).stream()
                .sorted(Comparator.comparing(ModelConnection::name))
                .toList();
        for (ModelConnection connection : all) {
            for (ModelInfo model : connection.models()) {
                String id = connection.name() + "/" + model.id();
                Integer context = model.contextTokens();
                table.addRow()
                        .addContent(
                                Plain.line(id, 80),
                                Plain.line(model.title(), 60),
                                context == null ? "" : context,
                                id.equals(preferred) ? "yes" : "");
            }
        }
        print(table, out);
        all.stream()
                .filter(connection -> !connection.readiness().ready())
                .forEach(connection -> out.println(Plain.line(connection.title()) + " is not ready: "
                        + Plain.line(connection.readiness().reason())));
    }
}
