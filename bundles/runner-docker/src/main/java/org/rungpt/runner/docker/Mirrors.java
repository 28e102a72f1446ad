package org.rungpt.runner.docker;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where sandboxes get packages from: the public servers, unless somebody named others.
 *
 * @param apt address below which {@code debian} and {@code debian-security} lie; null for Debian's own
 * @param pip address of a package index; null for the public one
 * @param npm address of a registry; null for the public one
 */
record Mirrors(
        @Nullable URI apt, @Nullable URI pip, @Nullable URI npm) {
    /** The word that stands for what this machine uses itself. */
    static final String HOST = "host";

    static final Mirrors PUBLIC = new Mirrors(null, null, null);

    private static final Pattern DEBIAN = Pattern.compile("(https?://\\S+?)/debian/?(?:\\s|$)");

    /** The hosts that the preset of package mirrors stands for. */
    List<String> hosts() {
        List<String> hosts = new ArrayList<>();
        if (apt == null) {
            hosts.addAll(List.of("deb.debian.org:80", "deb.debian.org:443"));
            hosts.addAll(List.of("security.debian.org:80", "security.debian.org:443"));
        } else {
            hosts.add(host(apt));
        }
        if (pip == null) {
            hosts.addAll(List.of("pypi.org:443", "files.pythonhosted.org:443"));
        } else {
            hosts.add(host(pip));
        }
        hosts.add(npm == null ? "registry.npmjs.org:443" : host(npm));
        return hosts;
    }

    private static String host(URI address) {
        int port = address.getPort();
        return address.getHost() + ":" + (port > 0 ? port : "https".equals(address.getScheme()) ? 443 : 80);
    }

    /** What tells the package managers in a sandbox. */
    Map<String, String> environment() {
        Map<String, String> environment = new LinkedHashMap<>();
        if (apt != null) {
            environment.put("RUNGPT_APT_MIRROR", apt.toString());
        }
        if (pip != null) {
            environment.put("PIP_INDEX_URL", pip.toString());
            if ("http".equals(pip.getScheme())) {
                environment.put("PIP_TRUSTED_HOST", pip.getHost());
            }
        }
        if (npm != null) {
            environment.put("NPM_CONFIG_REGISTRY", npm.toString());
        }
        return environment;
    }

    /**
     * @param text an address
     * @throws IllegalArgumentException in one sentence, if it is none
     */
    static URI parse(String text) {
        try {
            URI uri = new URI(text.strip().replaceAll("/+$", ""));
            if (uri.getHost() == null || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                throw new IllegalArgumentException("it is no address like https://mirror.example/path");
            }
            // What is in a sandbox is no secret any more.
            return new URI(uri.getScheme(), null, uri.getHost(), uri.getPort(), uri.getPath(), null, null);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("it is no address like https://mirror.example/path", e);
        }
    }

    /** What this machine uses for apt; null if that is nothing of Debian's. */
    static @Nullable URI aptOfHost(Path etc) {
        List<Path> files = new ArrayList<>(List.of(etc.resolve("apt/sources.list")));
        try (DirectoryStream<Path> more =
                Files.newDirectoryStream(etc.resolve("apt/sources.list.d"), "*.{list,sources}")) {
            more.forEach(files::add);
        } catch (IOException e) {
            // No Debian or Ubuntu: nothing to find.
        }
        for (Path file : files) {
            for (String line : lines(file)) {
                Matcher found = DEBIAN.matcher(line);
                if (!line.startsWith("#") && found.find()) {
                    return usable(found.group(1));
                }
            }
        }
        return null;
    }

    /** What this machine uses for pip. */
    static @Nullable URI pipOfHost(Path etc, Path home, Map<String, String> environment) {
        String named = environment.get("PIP_INDEX_URL");
        return named != null
                ? usable(named)
                : value(
                        "index-url",
                        home.resolve(".config/pip/pip.conf"),
                        home.resolve(".pip/pip.conf"),
                        etc.resolve("pip.conf"));
    }

    /** What this machine uses for npm. */
    static @Nullable URI npmOfHost(Path etc, Path home, Map<String, String> environment) {
        String named = environment.getOrDefault("NPM_CONFIG_REGISTRY", environment.get("npm_config_registry"));
        return named != null ? usable(named) : value("registry", home.resolve(".npmrc"), etc.resolve("npmrc"));
    }

    private static @Nullable URI value(String key, Path... files) {
        Pattern pattern = Pattern.compile("\\s*" + Pattern.quote(key) + "\\s*=\\s*(\\S+)\\s*");
        for (Path file : files) {
            for (String line : lines(file)) {
                Matcher found = pattern.matcher(line);
                if (found.matches()) {
                    return usable(found.group(1));
                }
            }
        }
        return null;
    }

    private static @Nullable URI usable(String text) {
        try {
            return parse(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of();
        }
    }
}
