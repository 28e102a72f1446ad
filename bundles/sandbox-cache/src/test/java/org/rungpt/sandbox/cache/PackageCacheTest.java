package org.rungpt.sandbox.cache;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.runner.SandboxContributor.Contribution;
import org.rungpt.api.runner.SandboxContributor.Directory;
import org.rungpt.api.runner.SandboxContributor.NewSandbox;

final class PackageCacheTest {
    private static final NewSandbox WORKSPACE = new NewSandbox(null, "0:0");
    private static final NewSandbox ACTION = new NewSandbox(new ActionId("acme/plot"), "65532:65532");

    @Test
    void aWorkspaceKeepsWhatItsPackageManagersFetched() {
        Contribution given = new PackageCache(true, " ").contribute(WORKSPACE);
        assertThat(given.caches()).containsExactly("packages");
        assertThat(given.directories()).isEmpty();
        assertThat(given.environment())
                .containsOnlyKeys("PIP_CACHE_DIR", "NPM_CONFIG_CACHE", "DENO_DIR")
                .allSatisfy((name, value) -> assertThat(value).startsWith("/cache/packages/"));
    }

    @Test
    void anActionKeepsNothing() {
        assertThat(new PackageCache(true, "").contribute(ACTION)).isEqualTo(Contribution.NONE);
    }

    @Test
    void theDirectoryOfPackagesIsThereForAll() {
        PackageCache cache = new PackageCache(false, "/srv/wheels");
        assertThat(cache.contribute(ACTION)).isEqualTo(cache.contribute(WORKSPACE));
        assertThat(cache.contribute(ACTION).directories()).containsExactly(new Directory("packages", "/srv/wheels"));
        assertThat(cache.contribute(ACTION).environment()).containsEntry("PIP_FIND_LINKS", "/share/packages");
        assertThat(cache.contribute(ACTION).caches()).isEmpty();
    }
}
