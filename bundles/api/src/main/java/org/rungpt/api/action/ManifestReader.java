package org.rungpt.api.action;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/** Reads and checks the manifest of an action's directory. Executes nothing. Any thread. */
@ProviderType
public interface ManifestReader {
    /** Reads {@code manifest.json} and looks at {@code run}. Never throws for what the action did wrong: that is data. */
    Result read(Path directory);

    /**
     * What was read.
     *
     * @param manifest the manifest; null if there is any problem
     * @param problems one line each, naming file, key and reason; empty if the manifest is good
     */
    record Result(@Nullable Manifest manifest, List<String> problems) {
        public Result {
            problems = List.copyOf(problems);
        }
    }
}
