package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.Grants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How sandboxes reach what they were granted.
 *
 * @param network the engine's network in which their proxies are
 * @param dns name servers of those proxies; empty for the engine's
 * @param upstream the proxy that this machine has to use; null for none
 * @param privateAddresses addresses and networks that may be reached although they are not public
 * @param bytes what one call may transfer, both ways together
 */
record EgressSettings(
        String network,
        List<String> dns,
        @Nullable Upstream upstream,
        List<String> privateAddresses,
        long bytes,
        Mirrors mirrors) {
    static final EgressSettings DEFAULT =
            new EgressSettings("bridge", List.of(), null, List.of(), 2L << 30, Mirrors.PUBLIC);

    private static final Logger LOG = LoggerFactory.getLogger(EgressSettings.class);
    private static final Pattern ADDRESSES = Pattern.compile("[0-9a-fA-F.:]+(/[0-9]{1,3})?");
    private static final Pattern NETWORK = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]*");

    /** What is wrong is told in the log, one line for each key, and its default stands. */
    static EgressSettings of(Config config, Map<String, String> environment) {
        Path etc = Path.of("/etc");
        Path home = Path.of(System.getProperty("user.home", "/"));
        return new EgressSettings(
                network(config.egressNetwork()),
                addresses("egressDns", config.egressDns()),
                upstream(config.egressProxy(), environment),
                addresses("egressPrivate", config.egressPrivate()),
                Settings.range("egressMiB", config.egressMiB(), 1, 1 << 30, 2048) << 20,
                new Mirrors(
                        mirror("mirrorApt", config.mirrorApt(), () -> Mirrors.aptOfHost(etc)),
                        mirror("mirrorPip", config.mirrorPip(), () -> Mirrors.pipOfHost(etc, home, environment)),
                        mirror("mirrorNpm", config.mirrorNpm(), () -> Mirrors.npmOfHost(etc, home, environment))));
    }

    private static String network(String name) {
        // The host's network would make the host's own services reachable; a container's would be no way out.
        if (NETWORK.matcher(name).matches() && !Set.of("host", "none").contains(name)) {
            return name;
        }
        wrong("egressNetwork", name, "it is no network of containers", DEFAULT.network());
        return DEFAULT.network();
    }

    private static List<String> addresses(String key, String text) {
        List<String> addresses = Arrays.stream(text.split("[,\\s]+", -1))
                .filter(each -> !each.isEmpty())
                .toList();
        for (String address : addresses) {
            if (!ADDRESSES.matcher(address).matches()) {
                wrong(key, address, "it is no address", "none");
                return List.of();
            }
        }
        return addresses;
    }

    private static @Nullable Upstream upstream(String setting, Map<String, String> environment) {
        try {
            return Upstream.of(setting, environment);
        } catch (IllegalArgumentException e) {
            wrong("egressProxy", "(not shown)", String.valueOf(e.getMessage()), "none");
            return null;
        }
    }

    private static @Nullable URI mirror(String key, String setting, Supplier<@Nullable URI> ofHost) {
        if (setting.isBlank()) {
            return null;
        }
        try {
            return setting.strip().equals(Mirrors.HOST) ? ofHost.get() : Mirrors.parse(setting);
        } catch (IllegalArgumentException e) {
            wrong(key, setting, String.valueOf(e.getMessage()), "the public one");
            return null;
        }
    }

    private static void wrong(String key, String value, String why, String instead) {
        LOG.error("org.rungpt.runner.docker: {}={}: {}; {} is used", key, value, why, instead);
    }

    /** What the proxy is told first. */
    ObjectNode greeting() {
        ObjectNode greeting = JsonNodeFactory.instance.objectNode();
        ownAddresses().forEach(greeting.putArray("denied")::add);
        ArrayNode exceptions = greeting.putArray("private");
        privateAddresses.forEach(exceptions::add);
        if (upstream != null) {
            greeting.set("upstream", upstream.json());
        }
        return greeting;
    }

    /** This machine's: what listens here is not for sandboxes, whichever address it has. */
    private static List<String> ownAddresses() {
        List<String> own = new ArrayList<>();
        try {
            NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .map(InetAddress::getHostAddress)
                    .forEach(address -> own.add(address.replaceAll("%.*", "")));
        } catch (SocketException e) {
            LOG.warn("The addresses of this machine cannot be told: {}", EngineFailures.line(e));
        }
        return own;
    }

    /** The hosts that grants stand for, each {@code host:port}; {@code *} for every name. */
    List<String> hosts(List<String> granted) {
        Set<String> hosts = new LinkedHashSet<>();
        for (String grant : granted) {
            switch (grant) {
                case Grants.INTERNET -> hosts.addAll(List.of("*:80", "*:443"));
                case Grants.PACKAGE_MIRRORS -> hosts.addAll(mirrors.hosts());
                default -> hosts.add(grant);
            }
        }
        return List.copyOf(hosts);
    }

    /** One sentence for people. */
    String describe() {
        return "Granted hosts are reached through the engine's network " + network
                + (upstream == null ? "" : " and the proxy " + upstream)
                + (mirrors.equals(Mirrors.PUBLIC) ? "" : "; packages come from " + String.join(", ", mirrors.hosts()))
                + ".";
    }
}
