package org.rungpt.runner.docker;

import com.github.dockerjava.api.model.Version;
import com.github.dockerjava.api.model.VersionComponent;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Knows which versions of runc can be broken out of. */
final class Breakouts {
    private static final Pattern NUMBERS = Pattern.compile("(\\d+)\\.(\\d+)\\.(\\d+)");

    /** What Docker and Podman call it. */
    private static final Set<String> RUNC = Set.of("runc", "OCI Runtime (runc)");

    private Breakouts() {}

    static String describe(Version version, @Nullable String runtime) {
        String engine = isPodman(version) ? "Podman " : "Docker ";
        return engine + version.getVersion() + (runtime == null ? "" : ", runtime " + runtime) + ".";
    }

    static boolean isPodman(Version version) {
        return components(version).stream()
                .anyMatch(part -> String.valueOf(part.getName()).startsWith("Podman"));
    }

    /** @return one sentence with what helps; null if nothing is known against it */
    static @Nullable String warning(Version version, @Nullable String runtime) {
        if (runtime != null && !runtime.equals("runc")) {
            return null;
        }
        for (VersionComponent part : components(version)) {
            String told = String.valueOf(part.getVersion());
            if (RUNC.contains(String.valueOf(part.getName())) && isWeak(told)) {
                // Podman tells all that runc says of itself.
                String number = EngineFailures.oneLine(
                        told.replaceFirst("^runc version ", "")
                                .lines()
                                .findFirst()
                                .orElse(""),
                        40);
                return "Programs can break out of runc " + number
                        + " (CVE-2025-31133, CVE-2025-52565, CVE-2025-52881) unless your distribution has brought the"
                        + " fixes back: update it to 1.2.8, 1.3.3 or newer, or set runtime = runsc in"
                        + " etc/org.rungpt.runner.docker.cfg.";
            }
        }
        return null;
    }

    private static List<VersionComponent> components(Version version) {
        List<VersionComponent> components = version.getComponents();
        return components == null ? List.of() : components;
    }

    /** Fixed in 1.2.8, 1.3.3 and everything from 1.4.0 on. */
    static boolean isWeak(String version) {
        Matcher numbers = NUMBERS.matcher(version);
        if (!numbers.find()) {
            return false;
        }
        int major = Integer.parseInt(numbers.group(1));
        int minor = Integer.parseInt(numbers.group(2));
        int patch = Integer.parseInt(numbers.group(3));
        if (major != 1) {
            return major < 1;
        }
        return switch (minor) {
            case 0, 1 -> true;
            case 2 -> patch < 8;
            case 3 -> patch < 3;
            default -> false;
        };
    }
}
