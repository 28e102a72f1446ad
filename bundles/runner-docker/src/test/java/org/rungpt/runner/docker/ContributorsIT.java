package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.command.InspectContainerResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.Grants.Share;
import org.rungpt.api.runner.SandboxContributor;
import org.rungpt.testkit.RecordingObserver;

/** What extension bundles add to sandboxes, and what they cannot. */
@Tag("docker")
final class ContributorsIT {
    @TempDir
    static Path directory;

    private static Bench bench;
    private static Path packages;

    private final String conversation = "c-" + UUID.randomUUID();
    private final String other = "c-" + UUID.randomUUID();

    @BeforeAll
    static void open() throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        packages = Files.createDirectory(directory.toRealPath().resolve("packages"));
        Files.setPosixFilePermissions(packages, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(packages.resolve("file"), "of the host\n");
        bench = new Bench(directory, 0).ready();
    }

    @AfterAll
    static void close() throws Exception {
        bench.close();
    }

    private final List<SandboxContributor> added = new java.util.ArrayList<>();

    private SandboxContributor add(
            String id, Function<SandboxContributor.NewSandbox, SandboxContributor.Contribution> contribution) {
        SandboxContributor contributor = new SandboxContributor() {
            @Override
            public String id() {
                return id;
            }

            @Override
            public Contribution contribute(NewSandbox sandbox) {
                return contribution.apply(sandbox);
            }
        };
        added.add(contributor);
        bench.contributors.add(contributor);
        return contributor;
    }

    private static SandboxContributor.Contribution cache(String name) {
        return new SandboxContributor.Contribution(List.of(name), List.of(), Map.of("TEST_CACHE", "/cache/" + name));
    }

    @AfterEach
    void release() throws Exception {
        added.forEach(bench.contributors::remove);
        bench.runner().release(conversation);
        bench.runner().release(other);
        bench.pool(0);
    }

    private String output(String conversation, String command) throws Exception {
        return output(conversation, command, Grants.NONE);
    }

    private String output(String conversation, String command, Grants grants) throws Exception {
        RecordingObserver observer = new RecordingObserver();
        CallOutcome outcome = Bench.await(bench.start(
                Bench.newCall(), conversation, bench.shell(), command, observer, Bench.limits(Bench.MIB), grants));
        assertThat(outcome.exit()).as(observer.text(Stream.STDERR)).isZero();
        return observer.text(Stream.STDOUT);
    }

    private void end(String conversation) throws Exception {
        String container = bench.containerOf(conversation);
        bench.docker().killContainerCmd(container).exec();
        bench.awaitEvent(container, "destroy");
    }

    @Test
    void aCacheBelongsToItsConversationAndOutlivesItsSandbox() throws Exception {
        add("test", sandbox -> cache("files"));
        output(conversation, "echo kept > $TEST_CACHE/file");
        end(conversation);
        assertThat(output(conversation, "cat $TEST_CACHE/file; ls /cache")).isEqualTo("kept\nfiles\n");
        assertThat(output(other, "ls -A $TEST_CACHE")).isEmpty();

        bench.runner().release(conversation);
        bench.runner().release(other);
        assertThat(bench.volumes()).isEmpty();
    }

    @Test
    void aSuccessorOfTheRunnerKnowsWhatASandboxHas() throws Exception {
        SandboxContributor contributor = add("test", sandbox -> cache("files"));
        output(conversation, "echo kept > $TEST_CACHE/file; touch /here");
        bench.contributors.remove(contributor);
        bench.swap();
        bench.ready();
        assertThat(output(conversation, "cat $TEST_CACHE/file; ls /here")).isEqualTo("kept\n/here\n");
        assertThat(bench.volumes()).anyMatch(name -> name.endsWith("-cache-files"));
    }

    @Test
    void whoComesAndGoesDisturbsNobody() throws Exception {
        output(conversation, "touch /here");
        SandboxContributor contributor = add("test", sandbox -> cache("files"));
        assertThat(output(conversation, "ls /here; echo \"$TEST_CACHE\"")).isEqualTo("/here\n\n");
        assertThat(output(other, "echo $TEST_CACHE")).isEqualTo("/cache/files\n");
        bench.contributors.remove(contributor);
        assertThat(output(other, "echo $TEST_CACHE; ls -d /cache/files")).isEqualTo("/cache/files\n/cache/files\n");
        end(other);
        assertThat(output(other, "echo \"$TEST_CACHE\"; ls -d /cache 2>&1 || true"))
                .startsWith("\n")
                .contains("No such file");
    }

    @Test
    void whatWaitsInThePoolIsMadeAnewWhenSomebodyComes() throws Exception {
        bench.pool(1);
        bench.swap();
        bench.ready();
        bench.awaitPool();
        String before = bench.runner().sandboxes().get(0).id();
        add("test", sandbox -> cache("files"));
        bench.awaitPool();
        assertThat(bench.runner().sandboxes()).noneMatch(sandbox -> sandbox.id().equals(before));
        String pooled = bench.runner().sandboxes().get(0).id();
        assertThat(output(conversation, "hostname; echo $TEST_CACHE")).isEqualTo(pooled + "\n/cache/files\n");
        bench.pool(0);
        bench.swap();
        bench.ready();
    }

    @Test
    void aDirectoryIsReadOnlyEverywhereAndTheFactorysRulesStay() throws Exception {
        add(
                "test",
                sandbox -> new SandboxContributor.Contribution(
                        sandbox.isWorkspace() ? List.of("files") : List.of(),
                        List.of(new SandboxContributor.Directory("packages", packages.toString())),
                        Map.of()));
        assertThat(output(conversation, "cat /share/packages/file; touch /share/packages/x 2>&1 || true"))
                .startsWith("of the host\n")
                .contains("Read-only file system");
        InspectContainerResponse found = bench.docker()
                .inspectContainerCmd(bench.containerOf(conversation))
                .exec();
        assertThat(Gate.violations(found, packages.toString())).isEmpty();

        InstalledAction acme = bench.actions.action("acme/reads", false, TestActions.SHELL);
        RecordingObserver observer = new RecordingObserver();
        Bench.await(
                bench.start(other, TestActions.task(acme, "shell"), "cat /share/packages/file; ls /cache", observer));
        assertThat(observer.text(Stream.STDOUT)).isEqualTo("of the host\n");
        assertThat(Files.list(packages).count()).isEqualTo(1);
    }

    @Test
    void aSandboxThatRunsAsTheOwnerOfAShareMayWriteIntoItsCache() throws Exception {
        Path shared = Files.createDirectory(directory.toRealPath().resolve("shared-" + UUID.randomUUID()));
        if (System.getProperty("user.name").equals("root")) {
            Files.setAttribute(shared, "unix:uid", 1234);
            Files.setAttribute(shared, "unix:gid", 1234);
        }
        add("test", sandbox -> cache("files"));
        Grants grants = new Grants(List.of(), List.of(new Share("mine", shared.toString(), true)), Map.of(), false);
        assertThat(output(conversation, "echo x > /cache/files/x; stat -c %u /cache/files", grants))
                .isEqualTo(Files.getAttribute(shared, "unix:uid") + "\n");
    }

    @Test
    void whatAContributorMayNotDoIsLeftOutAndTheOthersAreHeard() throws Exception {
        add(
                "bad-place",
                sandbox -> new SandboxContributor.Contribution(
                        List.of("wanted"), List.of(new SandboxContributor.Directory("etc", "/etc")), Map.of()));
        add(
                "bad-variable",
                sandbox ->
                        new SandboxContributor.Contribution(List.of(), List.of(), Map.of("LD_PRELOAD", "/share/x.so")));
        add("fails", sandbox -> {
            throw new IllegalStateException("no licence");
        });
        CountDownLatch never = new CountDownLatch(1);
        add("hangs", sandbox -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return SandboxContributor.Contribution.NONE;
        });
        add("good", sandbox -> cache("files"));
        add("good", sandbox -> cache("more"));
        assertThat(output(conversation, "ls /cache; ls -A /share 2>/dev/null; env | grep -c LD_PRELOAD || true"))
                .isEqualTo("files\n0\n");
        assertThat(bench.contributors.readiness().ready()).isFalse();
        assertThat(bench.contributors.problems())
                .hasSize(5)
                .anySatisfy(line ->
                        assertThat(line).startsWith("bad-place (").contains("The share etc (/etc) cannot be given: "))
                .anySatisfy(
                        line -> assertThat(line).startsWith("bad-variable (").contains("the variable LD_PRELOAD"))
                .anySatisfy(line -> assertThat(line).startsWith("fails (").contains("no licence"))
                .anySatisfy(line -> assertThat(line).startsWith("hangs (").contains("did not answer within 2 s"))
                .anySatisfy(line -> assertThat(line).startsWith("good (").contains("the same id"))
                .allSatisfy(line -> assertThat(line).doesNotContain("\n"));
    }
}
