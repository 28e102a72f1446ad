package org.rungpt.chat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.Grants;

/** A call that gets secrets reaches only the hosts that these are meant for. Pure functions. */
final class SecretHosts {
    private SecretHosts() {}

    /**
     * What of the granted network is among the hosts. Mirrors of packages are meant for no secret.
     *
     * @param granted as in {@link Grants#network}
     * @param hosts each {@code name} or {@code *.domain}
     */
    static List<String> within(List<String> granted, Collection<String> hosts) {
        Set<String> within = new LinkedHashSet<>();
        for (String rule : rules(granted)) {
            String name = rule.substring(0, rule.lastIndexOf(':')).toLowerCase(Locale.ROOT);
            String port = rule.substring(rule.lastIndexOf(':'));
            for (String host : hosts) {
                String both = narrower(name, host.toLowerCase(Locale.ROOT));
                if (both != null) {
                    within.add(both + port);
                }
            }
        }
        return List.copyOf(within);
    }

    private static List<String> rules(List<String> granted) {
        var rules = new ArrayList<String>();
        for (String rule : granted) {
            switch (rule) {
                case Grants.INTERNET -> rules.addAll(List.of("*:443", "*:80"));
                case Grants.PACKAGE_MIRRORS -> {}
                default -> rules.add(rule);
            }
        }
        return rules;
    }

    /** The one of two patterns that the other covers; null if neither does. */
    private static @Nullable String narrower(String one, String other) {
        return covers(one, other) ? other : covers(other, one) ? one : null;
    }

    private static boolean covers(String pattern, String name) {
        return pattern.equals("*")
                || pattern.equals(name)
                || pattern.startsWith("*.") && name.endsWith(pattern.substring(1));
    }
}
