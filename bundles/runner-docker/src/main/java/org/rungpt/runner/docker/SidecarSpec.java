package org.rungpt.runner.docker;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.Manifest;

/**
 * A further container that is wanted beside a sandbox.
 *
 * @param name unique beside its sandbox
 * @param image its reference
 * @param port where it listens, on the sandbox's localhost; null if it does not
 * @param health when it is ready: {@code tcp}, or {@code http:/path}
 * @param environment its variables
 * @param scope how long it lives
 */
record SidecarSpec(
        String name,
        String image,
        @Nullable Integer port,
        String health,
        Map<String, String> environment,
        Scope scope) {
    static final String TCP = "tcp";
    static final String HTTP = "http:";

    /** How long a sidecar lives. */
    enum Scope {
        /** As long as one call. */
        CALL,
        /** As long as its sandbox. */
        SANDBOX
    }

    SidecarSpec {
        environment = Map.copyOf(environment);
    }

    static SidecarSpec of(Manifest.Sidecar asked) {
        String health = asked.health();
        return new SidecarSpec(
                asked.name(),
                asked.image(),
                asked.port(),
                health == null ? TCP : health,
                Map.of(),
                asked.scope().equals("call") ? Scope.CALL : Scope.SANDBOX);
    }
}
