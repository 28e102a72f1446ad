package org.rungpt.api.chat;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.rungpt.api.runner.Grants;

/**
 * What a user granted to one kind of sandbox: a conversation's workspace, or one version of an action. Unlike {@link Grants}, which
 * a runner is given, it names secrets and holds no values: it may be stored and shown.
 *
 * @param network hosts or presets, as in {@link Grants#network()}
 * @param shares host directories
 * @param secrets names of secrets in the action's manifest; none for a workspace
 * @param workspace whether an action sees the conversation's {@code /workspace}; a workspace always does
 */
public record Access(List<String> network, List<Grants.Share> shares, List<String> secrets, boolean workspace) {
    /** Nothing. */
    public static final Access NONE = new Access(List.of(), List.of(), List.of(), false);

    public Access {
        network = List.copyOf(network);
        shares = List.copyOf(shares);
        secrets = List.copyOf(secrets);
    }

    /** Whether nothing is granted. */
    public boolean isEmpty() {
        return equals(NONE);
    }

    /** Both together; of two shares of one name the other's counts. */
    public Access and(Access other) {
        if (other.isEmpty()) {
            return this;
        }
        Map<String, Grants.Share> all = new LinkedHashMap<>();
        shares.forEach(share -> all.put(share.name(), share));
        other.shares.forEach(share -> all.put(share.name(), share));
        return new Access(
                union(network, other.network),
                List.copyOf(all.values()),
                union(secrets, other.secrets),
                workspace || other.workspace);
    }

    private static List<String> union(List<String> one, List<String> two) {
        Set<String> both = new LinkedHashSet<>(one);
        both.addAll(two);
        return List.copyOf(both);
    }
}
