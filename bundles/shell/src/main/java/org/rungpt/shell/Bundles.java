package org.rungpt.shell;

import java.util.ArrayList;
import java.util.List;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.BundleWiring;
import org.rungpt.plain.Plain;

/** Explains why bundles do not run. */
final class Bundles {
    private static final String NOT_RUNNING = "NOT RUNNING ";

    private Bundles() {}

    /** One line for each bundle that should run and does not. */
    static List<String> problems(Bundle[] bundles) {
        List<BundleCapability> offered = new ArrayList<>();
        for (Bundle bundle : bundles) {
            BundleWiring wiring = bundle.adapt(BundleWiring.class);
            if (wiring != null) {
                offered.addAll(wiring.getCapabilities(null));
            }
        }
        List<String> problems = new ArrayList<>();
        for (Bundle bundle : bundles) {
            if (bundle.getState() == Bundle.INSTALLED) {
                problems.add(NOT_RUNNING + name(bundle) + ": " + missing(bundle, offered));
            } else if (bundle.getState() == Bundle.RESOLVED && !isFragment(bundle)) {
                problems.add(NOT_RUNNING + name(bundle) + ": is stopped; bundle:start " + bundle.getBundleId());
            }
        }
        return problems;
    }

    private static String name(Bundle bundle) {
        return Plain.line(bundle.getSymbolicName() == null ? bundle.getLocation() : bundle.getSymbolicName(), 100)
                + " (bundle " + bundle.getBundleId() + ")";
    }

    private static boolean isFragment(Bundle bundle) {
        return bundle.getHeaders().get(Constants.FRAGMENT_HOST) != null;
    }

    private static String missing(Bundle bundle, List<BundleCapability> offered) {
        BundleRevision revision = bundle.adapt(BundleRevision.class);
        List<String> missing = new ArrayList<>();
        List<BundleRequirement> requirements = revision == null ? List.of() : revision.getDeclaredRequirements(null);
        for (BundleRequirement requirement : requirements) {
            boolean optional = Constants.RESOLUTION_OPTIONAL.equals(
                    requirement.getDirectives().get(Constants.RESOLUTION_DIRECTIVE));
            boolean later = !Constants.EFFECTIVE_RESOLVE.equals(requirement
                    .getDirectives()
                    .getOrDefault(Constants.EFFECTIVE_DIRECTIVE, Constants.EFFECTIVE_RESOLVE));
            if (!optional && !later && offered.stream().noneMatch(requirement::matches)) {
                missing.add(inWords(requirement, offered));
            }
        }
        return missing.isEmpty()
                ? "is not resolved; bundle:resolve " + bundle.getBundleId() + " says why"
                : "needs " + String.join("; ", missing) + ". Install the bundle or feature that has it";
    }

    private static String inWords(BundleRequirement requirement, List<BundleCapability> offered) {
        String filter = String.valueOf(requirement.getDirectives().get(Constants.FILTER_DIRECTIVE));
        if (!requirement.getNamespace().equals(PackageNamespace.PACKAGE_NAMESPACE)) {
            return Plain.line(requirement.getNamespace() + " " + filter, 200);
        }
        String name = filter.replaceFirst(".*\\(osgi\\.wiring\\.package=([^)]*)\\).*", "$1");
        List<String> versions = offered.stream()
                .filter(capability -> name.equals(capability.getAttributes().get(PackageNamespace.PACKAGE_NAMESPACE)))
                .map(capability -> String.valueOf(capability.getAttributes().get(Constants.VERSION_ATTRIBUTE)))
                .distinct()
                .toList();
        return "the Java package " + Plain.line(name, 100)
                + (versions.isEmpty()
                        ? ", which no bundle has"
                        : " in another version than " + String.join(", ", versions));
    }
}
