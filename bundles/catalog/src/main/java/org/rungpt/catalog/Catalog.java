package org.rungpt.catalog;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Offers the actions that lie in this bundle below {@code actions/OWNER/NAME}. They change with the bundle only. */
@Component
public final class Catalog implements ActionSource {
    private static final Logger LOG = LoggerFactory.getLogger(Catalog.class);
    private static final String FOLDER = "actions/";

    private final List<ActionPackage> packages;

    @Activate
    public Catalog(BundleContext context) throws IOException {
        this(files(context.getBundle()), dataDirectory(context.getProperty("rungpt.data")), processStart());
    }

    /** @param files bytes by {@code OWNER/NAME/path} */
    Catalog(Map<String, byte[]> files, Path data, Instant processStart) throws IOException {
        var unpacker = new Unpacker(data.resolve("catalog"));
        List<ActionPackage> all = new ArrayList<>();
        Set<Path> wanted = new HashSet<>();
        for (Map.Entry<String, Map<String, byte[]>> action : byAction(files).entrySet()) {
            Unpacker.Unpacked unpacked = unpacker.unpack(action.getValue());
            wanted.add(unpacked.directory());
            all.add(new ActionPackage(
                    new ActionId(action.getKey()),
                    version(action.getValue().get("manifest.json"), unpacked),
                    null,
                    unpacked.directory(),
                    unpacked.contentHash(),
                    true,
                    null));
        }
        unpacker.sweep(wanted, processStart);
        packages = Collections.unmodifiableList(all);
        LOG.info("{} built-in actions", packages.size());
    }

    private static Path dataDirectory(@Nullable String configured) {
        return configured == null || configured.isBlank()
                ? Path.of(System.getProperty("user.home"), ".rungpt")
                : Path.of(configured);
    }

    private static Instant processStart() {
        return ProcessHandle.current().info().startInstant().orElse(Instant.EPOCH);
    }

    private static Map<String, byte[]> files(Bundle bundle) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        var entries = bundle.findEntries(FOLDER, "*", true);
        while (entries != null && entries.hasMoreElements()) {
            URL entry = entries.nextElement();
            String path = entry.getPath();
            if (!path.endsWith("/")) {
                try (InputStream in = entry.openStream()) {
                    files.put(path.substring(path.indexOf(FOLDER) + FOLDER.length()), in.readAllBytes());
                }
            }
        }
        return files;
    }

    private static Map<String, Map<String, byte[]>> byAction(Map<String, byte[]> files) {
        Map<String, Map<String, byte[]>> actions = new TreeMap<>();
        files.forEach((path, bytes) -> {
            int name = path.indexOf('/', path.indexOf('/') + 1);
            if (name > 0) {
                actions.computeIfAbsent(path.substring(0, name), id -> new TreeMap<>())
                        .put(path.substring(name + 1), bytes);
            }
        });
        return actions;
    }

    /** The manifest's own version; of a broken manifest the registry says what is wrong. */
    private static String version(byte @Nullable [] manifest, Unpacker.Unpacked unpacked) throws IOException {
        String fallback = unpacked.contentHash().substring(0, 12);
        if (manifest == null) {
            return fallback;
        }
        JsonNode json = new JsonMapper().readTree(manifest);
        return json.path("version").asText(fallback);
    }

    @Override
    public String name() {
        return "catalog";
    }

    @Override
    public List<ActionPackage> packages() {
        return packages;
    }

    @Override
    public Subscription onChange(Runnable changed) {
        return () -> {};
    }
}
