package org.rungpt.api.action;

import java.util.Set;

/** The short names by which the model calls actions. */
public final class Aliases {
    /** Only built-in actions may be called so, those too that are not there yet. */
    public static final Set<String> RESERVED = Set.of("filesystem", "system", "web", "calls", "actions", "containers");

    private Aliases() {}
}
