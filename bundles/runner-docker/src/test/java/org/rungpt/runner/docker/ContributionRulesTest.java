package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.SandboxContributor.Contribution;
import org.rungpt.api.runner.SandboxContributor.Directory;
import org.rungpt.api.runner.SandboxContributor.NewSandbox;

/** What the factory lets contributors add. */
final class ContributionRulesTest {
    private static final NewSandbox WORKSPACE = new NewSandbox(null, "0:0");
    private static final NewSandbox ACTION = new NewSandbox(new ActionId("acme/plot"), SandboxPlan.NOBODY);

    @TempDir
    Path directory;

    private Contributed check(Contribution wanted, NewSandbox sandbox) throws RunnerException {
        Path home = directory.resolve("home");
        ForbiddenPlaces places = new ForbiddenPlaces(home, directory.resolve("data"), Set.of(), Set.of());
        return new ContributionRules(new ShareRules(() -> places, Set::of, Set::of))
                .check(wanted, sandbox, List.of(), Contributed.NOTHING);
    }

    private static Contribution variable(String name, String value) {
        return new Contribution(List.of(), List.of(), Map.of(name, value));
    }

    private void refused(Contribution wanted, NewSandbox sandbox, String why) {
        assertThatThrownBy(() -> check(wanted, sandbox))
                .isInstanceOf(RunnerException.class)
                .hasMessageContaining(why);
    }

    @Test
    void ordinaryThingsAreTaken() throws Exception {
        Path shared = Files.createDirectory(directory.resolve("shared"));
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxr-xr-x"));
        Contributed taken = check(
                new Contribution(
                        List.of("packages"),
                        List.of(new Directory("wheels", shared.toString())),
                        Map.of("PIP_CACHE_DIR", "/cache/packages/pip")),
                WORKSPACE);
        assertThat(taken.caches()).containsExactly("packages");
        assertThat(taken.directories()).singleElement().matches(share -> !share.share()
                .writable());
        assertThat(Contributed.parseEnvironment(taken.environmentText()))
                .containsExactlyEntriesOf(Map.of("PIP_CACHE_DIR", "/cache/packages/pip"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "LD_PRELOAD",
                "ld_library_path",
                "PATH",
                "HOME",
                "RUNGPT_TOKEN",
                "https_proxy",
                "HTTP_PROXY",
                "NO_PROXY",
                "NODE_OPTIONS",
                "PYTHONPATH",
                "BASH_ENV",
                "JAVA_TOOL_OPTIONS",
                "_JAVA_OPTIONS",
                "GIT_SSH_COMMAND",
                "SSL_CERT_FILE",
                "REQUESTS_CA_BUNDLE",
                "NODE_EXTRA_CA_CERTS",
                "NODE_TLS_REJECT_UNAUTHORIZED",
                "PIP_TRUSTED_HOST",
                "npm_config_strict_ssl"
            })
    void variablesThatLoadTrustOrRedirectAreNot(String name) {
        refused(variable(name, "x"), WORKSPACE, "the variable " + name + ": by it programs are found, loaded, trusted");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1X", "A B", "A=B", "A\nB", "Ä"})
    void norAreOddNamesOfVariables(String name) {
        refused(variable(name, "x"), WORKSPACE, "no name of a variable");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "a\u0000b", "\u001b[31m"})
    void norLinesAndControlCharacters(String value) {
        refused(variable("X", value), WORKSPACE, "one line");
    }

    @Test
    void amountsAreBounded() {
        refused(variable("X", "x".repeat(1025)), WORKSPACE, "1024");
        refused(
                new Contribution(
                        List.of(),
                        List.of(),
                        IntStream.range(0, 33).boxed().collect(Collectors.toMap(i -> "X" + i, i -> "x"))),
                WORKSPACE,
                "at most 32");
        refused(
                new Contribution(IntStream.range(0, 9).mapToObj(i -> "c" + i).toList(), List.of(), Map.of()),
                WORKSPACE,
                "at most 8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../x", "a/b", "A", "a b", "-a", "x\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
    void namesThatLeadElsewhereAreNot(String name) {
        refused(new Contribution(List.of(name), List.of(), Map.of()), WORKSPACE, "its name is to be");
        refused(
                new Contribution(List.of(), List.of(new Directory(name, "/srv")), Map.of()),
                WORKSPACE,
                "its name is to be");
    }

    @Test
    void anActionKeepsNothing() {
        refused(new Contribution(List.of("x"), List.of(), Map.of()), ACTION, "only workspaces have caches");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/", "/etc", "/proc", "/sys", "/dev", "/var/run/docker.sock", "relative", "/no/such/directory"})
    void forbiddenPlacesAreForbiddenToContributorsToo(String source) {
        refused(
                new Contribution(List.of(), List.of(new Directory("x", source)), Map.of()),
                WORKSPACE,
                "cannot be given: ");
    }

    @Test
    void theHomeDirectoryCannotBeInsistedOn() throws Exception {
        Path home = Files.createDirectory(directory.resolve("home"));
        refused(
                new Contribution(List.of(), List.of(new Directory("x", home.toString())), Map.of()),
                WORKSPACE,
                "home directory");
    }

    @Test
    void whatAnActionCannotReadIsNotGivenToIt() throws Exception {
        Path hidden = Files.createDirectory(directory.resolve("hidden"));
        Files.setPosixFilePermissions(hidden, PosixFilePermissions.fromString("rwx------"));
        Contribution wanted = new Contribution(List.of(), List.of(new Directory("x", hidden.toString())), Map.of());
        assertThat(check(wanted, WORKSPACE).directories()).hasSize(1);
        refused(wanted, ACTION, "may not read it");
    }
}
