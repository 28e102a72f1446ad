package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The rules of the house, read off the built bundles in the release archive. */
class BundleRulesTest {
    private static final Map<String, Attributes> MANIFESTS = new TreeMap<>();
    private static final Map<String, Set<String>> CONTENTS = new TreeMap<>();
    private static String features = "";

    @BeforeAll
    static void readTheArchive() throws IOException {
        Path system = RunGpt.INSTALLATION.resolve("system/org/rungpt");
        try (Stream<Path> files = Files.walk(system)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (file.toString().endsWith("-features.xml")) {
                    features = Files.readString(file);
                } else if (file.toString().endsWith(".jar")) {
                    try (JarFile jar = new JarFile(file.toFile())) {
                        Attributes attributes = jar.getManifest().getMainAttributes();
                        String name = attributes.getValue("Bundle-SymbolicName");
                        MANIFESTS.put(name, attributes);
                        CONTENTS.put(
                                name, jar.stream().map(entry -> entry.getName()).collect(Collectors.toSet()));
                    }
                }
            }
        }
        assertThat(MANIFESTS).hasSizeGreaterThanOrEqualTo(14);
        assertThat(features).isNotEmpty();
    }

    @Test
    void onlyTheApiExportsPackages() {
        assertThat(bundlesWith("Export-Package", exports -> !exports.isEmpty())).containsExactly("org.rungpt.api");
    }

    @Test
    void noImplementationImportsAnother() {
        assertThat(bundlesImporting(name -> name.startsWith("org.rungpt.") && !name.startsWith("org.rungpt.api.")))
                .isEmpty();
    }

    @Test
    void noImportIsOptionalOrDynamic() {
        assertThat(bundlesWith("DynamicImport-Package", value -> true)).isEmpty();
        assertThat(bundlesWith(
                        "Import-Package",
                        value -> value.contains("resolution:=\"optional\"") || value.contains("resolution:=optional")))
                .isEmpty();
    }

    @Test
    void theServletApiIsKnownToTheWebBundlesOnly() {
        assertThat(bundlesImporting(name -> name.startsWith("jakarta.servlet")))
                .isSubsetOf("org.rungpt.gate", "org.rungpt.web", "org.rungpt.webapp");
    }

    @Test
    void theKarafApiIsKnownToTheShellOnly() {
        assertThat(bundlesImporting(name -> name.startsWith("org.apache.karaf")))
                .containsExactly("org.rungpt.shell");
    }

    @Test
    void dockerJavaStaysInsideItsBundle() {
        assertThat(bundlesImporting(name -> name.startsWith("com.github.dockerjava")))
                .isEmpty();
        assertThat(CONTENTS.entrySet().stream()
                        .filter(bundle -> bundle.getValue().stream().anyMatch(entry -> entry.contains("docker-java")))
                        .map(Map.Entry::getKey))
                .containsExactly("org.rungpt.runner.docker");
    }

    @Test
    void eachBundleIsInExactlyOneFeature() {
        Map<String, Integer> count = new LinkedHashMap<>();
        Matcher bundles =
                Pattern.compile("<bundle[^>]*>\\s*mvn:org\\.rungpt/([^/]+)/").matcher(features);
        while (bundles.find()) {
            count.merge(bundles.group(1), 1, Integer::sum);
        }
        Set<String> expected = new TreeSet<>(MANIFESTS.keySet());
        expected.remove("org.rungpt.cli"); // runs outside the platform
        assertThat(count.keySet()).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(count.values()).containsOnly(1);
    }

    private static Set<String> bundlesWith(String header, Predicate<String> condition) {
        Set<String> names = new TreeSet<>();
        MANIFESTS.forEach((name, manifest) -> {
            String value = manifest.getValue(header);
            if (value != null && condition.test(value)) {
                names.add(name);
            }
        });
        return names;
    }

    private static Set<String> bundlesImporting(Predicate<String> condition) {
        return bundlesWith("Import-Package", value -> packages(value).stream().anyMatch(condition));
    }

    /** The package names of a header; commas in quoted versions separate nothing. */
    private static List<String> packages(String header) {
        List<String> names = new ArrayList<>();
        for (String clause : header.replaceAll("\"[^\"]*\"", "").split(",")) {
            names.add(clause.split(";")[0].trim());
        }
        return names;
    }
}
