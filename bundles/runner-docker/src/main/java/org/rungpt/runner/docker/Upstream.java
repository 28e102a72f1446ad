package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A proxy that this machine has to use to reach others, and so have its sandboxes.
 *
 * @param credentials {@code user:password}; null for none
 * @param direct hosts and domains that are reached without it
 */
record Upstream(String host, int port, @Nullable String credentials, List<String> direct) {
    /** The word that stands for what the environment of RunGPT says. */
    static final String ENVIRONMENT = "environment";

    /**
     * @param setting empty, {@link #ENVIRONMENT} or an address
     * @return null if none is to be used
     * @throws IllegalArgumentException in one sentence, if it can be none
     */
    static @Nullable Upstream of(String setting, Map<String, String> environment) {
        if (setting.isBlank()) {
            return null;
        }
        String address = setting.strip();
        List<String> direct = List.of();
        if (address.equals(ENVIRONMENT)) {
            address = first(environment, "https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY");
            direct = Arrays.stream(first(environment, "no_proxy", "NO_PROXY").split(",", -1))
                    .map(String::strip)
                    .filter(name -> !name.isEmpty() && !name.equals("*"))
                    .toList();
            if (address.isEmpty()) {
                return null;
            }
        }
        return parse(address, direct);
    }

    private static Upstream parse(String address, List<String> direct) {
        try {
            URI uri = new URI(address.contains("://") ? address : "http://" + address);
            String host = uri.getHost();
            if (host == null || !"http".equals(uri.getScheme())) {
                throw new IllegalArgumentException("it is no address like http://proxy.example:3128");
            }
            if (host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]")) {
                throw new IllegalArgumentException("a container does not reach " + host
                        + " of this machine; let the proxy listen at the engine's bridge too and name that address");
            }
            String user = uri.getRawUserInfo();
            return new Upstream(
                    host.replaceAll("[\\[\\]]", ""),
                    uri.getPort() < 0 ? 80 : uri.getPort(),
                    user == null ? null : URLDecoder.decode(user.replace("+", "%2B"), StandardCharsets.UTF_8),
                    direct);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("it is no address like http://proxy.example:3128", e);
        }
    }

    private static String first(Map<String, String> environment, String... names) {
        for (String name : names) {
            String value = environment.get(name);
            if (value != null && !value.isBlank()) {
                return value.strip();
            }
        }
        return "";
    }

    ObjectNode json() {
        ObjectNode json =
                JsonNodeFactory.instance.objectNode().put("host", host).put("port", port);
        if (credentials != null) {
            json.put("credentials", credentials);
        }
        direct.forEach(json.putArray("direct")::add);
        return json;
    }

    /** Without the credentials, which are for nobody's log. */
    @Override
    public String toString() {
        return host + ":" + port;
    }
}
