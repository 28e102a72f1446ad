package org.rungpt.api.runner;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What the user lets one sandbox do across its border. A manifest only asks; what stands here was granted. Whoever starts a call
 * says what is granted now; the runner enforces it and gives nothing that is not here.
 *
 * @param network hosts that may be reached, each {@code host:port} or {@code *.domain:port}, or a preset: {@link #PACKAGE_MIRRORS},
 *     {@link #INTERNET}; empty for no network at all
 * @param shares host directories that are seen in the sandbox
 * @param secrets values by environment variable; given to this call only and masked in its output
 * @param workspace whether a third-party action sees the conversation's {@code /workspace}; the workspace sandbox always does
 */
public record Grants(List<String> network, List<Share> shares, Map<String, String> secrets, boolean workspace) {
    /** Preset of {@link #network}: the mirrors of apt, pip and npm, as the runner is configured. */
    public static final String PACKAGE_MIRRORS = "package-mirrors";

    /** Preset of {@link #network}: every public address, ports 80 and 443. */
    public static final String INTERNET = "internet";

    /** Nothing crosses the border. */
    public static final Grants NONE = new Grants(List.of(), List.of(), Map.of(), false);

    /**
     * A host directory, seen as {@code /share/<name>}.
     *
     * @param name {@code [a-z][a-z0-9-]{0,30}}, unique in a sandbox
     * @param source absolute path on the host of the engine
     * @param writable whether files can be changed; then the whole sandbox runs as the directory's owner
     * @param forced whether the user insisted on what is refused otherwise: the whole home directory, or writing as root
     */
    public record Share(String name, String source, boolean writable, boolean forced) {
        public Share {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(source, "source");
        }

        public Share(String name, String source, boolean writable) {
            this(name, source, writable, false);
        }
    }

    public Grants {
        network = List.copyOf(network);
        shares = List.copyOf(shares);
        secrets = Map.copyOf(secrets);
    }

    /** Without the values of secrets, which are for nobody's log. */
    @Override
    public String toString() {
        return "Grants[network=" + network + ", shares=" + shares + ", secrets=" + secrets.keySet() + ", workspace="
                + workspace + "]";
    }
}
