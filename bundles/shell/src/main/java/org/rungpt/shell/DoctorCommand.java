package org.rungpt.shell;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.CommandException;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.FrameworkUtil;
import org.rungpt.api.status.StatusSource;
import org.rungpt.api.store.ConversationArchive;
import org.rungpt.plain.Plain;

/** Says of everything that does not work why, and what helps. */
@Service
@Command(scope = "rungpt", name = "doctor", description = "Says what does not work, why, and what helps")
public final class DoctorCommand extends RungptCommand {
    @Reference(optional = true)
    @Nullable
    List<StatusSource> parts;

    @Option(name = "--strict", description = "fails unless every part is ready and without a known weakness")
    boolean strict;

    @Reference(optional = true)
    @Nullable
    ConversationArchive archive;

    @Override
    void run(PrintStream out) throws Exception {
        List<StatusSource> all = new ArrayList<>(all(parts));
        all.sort(Comparator.comparing(StatusSource::id));
        all.forEach(part -> Describe.part(part).forEach(out::println));
        List<String> damage = archive == null ? List.of() : archive.check();
        damage.forEach(line -> out.println("The database of conversations is damaged: " + Plain.line(line)));
        Bundle own = FrameworkUtil.getBundle(DoctorCommand.class);
        List<String> bundles = own == null
                ? List.of()
                : Bundles.problems(own.getBundleContext().getBundles());
        bundles.forEach(out::println);
        long unready = all.stream().filter(part -> !part.readiness().ready()).count();
        long warned = all.stream()
                .filter(part -> part.readiness().ready() && part.readiness().remedy() != null)
                .count();
        if (strict && warned > 0) {
            throw new CommandException(Told.count(warned, "part has", "parts have") + " a weakness (--strict)");
        }
        if (strict && (unready > 0 || !bundles.isEmpty() || !damage.isEmpty())) {
            throw new CommandException("not everything is ready (--strict)");
        }
        out.println();
        out.println(
                unready == 0 && bundles.isEmpty() && damage.isEmpty()
                        ? "Everything is ready: " + Told.count(all.size(), "part", "parts")
                        : Told.count(unready, "part is", "parts are") + " not ready, "
                                + Told.count(bundles.size(), "bundle does", "bundles do") + " not run");
    }
}
