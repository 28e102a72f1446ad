package org.rungpt.api.action;

import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** What is installed, merged from every {@link ActionSource}. Any thread; answers from memory. */
@ProviderType
public interface ActionRegistry {
    /** Every usable action, ordered by alias. */
    List<InstalledAction> actions();

    /** The task that the model calls by {@code alias.task}. */
    Optional<InstalledTask> task(String name);

    /** Packages that cannot be used, with the reason: one line each that names file, key and reason. */
    List<Rejection> rejections();

    /** A package that cannot be used. */
    record Rejection(ActionPackage files, List<String> problems) {
        public Rejection {
            problems = List.copyOf(problems);
        }
    }
}
