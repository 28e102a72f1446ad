package org.rungpt.sandbox.cache;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.metatype.annotations.Designate;
import org.rungpt.api.runner.SandboxContributor;

/**
 * Spares downloads: what package managers fetched in a workspace stays with its conversation, and a directory of packages on this
 * machine is there for all sandboxes, which cannot change it.
 */
@Component(configurationPid = "org.rungpt.sandbox.cache")
@Designate(ocd = Config.class)
public final class PackageCache implements SandboxContributor {
    private static final String CACHE = "/cache/packages/";

    private final boolean conversation;
    private final String directory;

    @Activate
    public PackageCache(Config config) {
        this(config.conversation(), config.directory());
    }

    /**
     * @param conversation whether a workspace keeps what its package managers fetched
     * @param directory of packages on the host; blank for none
     */
    public PackageCache(boolean conversation, String directory) {
        this.conversation = conversation;
        this.directory = directory.strip();
    }

    @Override
    public String id() {
        return "package-cache";
    }

    @Override
    public Contribution contribute(NewSandbox sandbox) {
        Map<String, String> environment = new HashMap<>();
        boolean keeps = conversation && sandbox.isWorkspace();
        if (keeps) {
            environment.put("PIP_CACHE_DIR", CACHE + "pip");
            environment.put("NPM_CONFIG_CACHE", CACHE + "npm");
            environment.put("DENO_DIR", CACHE + "deno");
        }
        if (!directory.isEmpty()) {
            environment.put("PIP_FIND_LINKS", "/share/packages");
        }
        return new Contribution(
                keeps ? List.of("packages") : List.of(),
                directory.isEmpty() ? List.of() : List.of(new Directory("packages", directory)),
                environment);
    }
}
