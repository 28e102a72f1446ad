package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;

/** An engine whose disk is really full. Only root can have one: `rungpt test` leaves it out for others. */
@Tag("docker")
@Tag("root")
final class FullDiskIT {
    private static final int DISK_MIB = 16;

    @TempDir
    Path directory;

    private PrivateEngine disk;
    private Engine engine;
    private TestActions actions;

    @BeforeEach
    void open() throws Exception {
        disk = new PrivateEngine(directory, DISK_MIB);
        engine = new Engine(disk.host, 2);
        actions = new TestActions(directory);
    }

    @AfterEach
    void close() throws Exception {
        engine.close();
        disk.close();
    }

    /** More than there is room for, and not to be made smaller. */
    private static String tooMuch() {
        byte[] noise = new byte[(DISK_MIB + 4) << 20];
        new Random(1).nextBytes(noise);
        return Base64.getEncoder().encodeToString(noise);
    }

    private static void isTold(RunnerException failure, String what) {
        assertThat(failure).isNotNull();
        assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(Kind.DISK_FULL);
        assertThat(failure.getMessage())
                .contains(what)
                .contains("the disk of the engine is full: make room (`rungpt:sandboxes gc`, `docker system df`)")
                .hasLineCount(1);
    }

    @Test
    @DisplayName("I.100 an image for which the disk has no room is told so, and smaller ones come as before")
    void pull() throws Exception {
        String architecture = engine.control().versionCmd().exec().getArch();
        try (FakeRegistry large = new FakeRegistry(FakeRegistry.Trouble.NONE, architecture, tooMuch());
                FakeRegistry small = new FakeRegistry(FakeRegistry.Trouble.NONE, architecture, "small")) {
            ImagePull pull = new ImagePull(engine, large.reference(), step -> {});
            isTold(catchThrowableOfType(RunnerException.class, pull::run), large.reference());
            new ImagePull(engine, small.reference(), step -> {}).run();
            assertThat(engine.control()
                            .inspectImageCmd(small.reference())
                            .exec()
                            .getId())
                    .startsWith("sha256:");
        }
    }

    @Test
    @DisplayName("I.100 a build for which the disk has no room is told so, and smaller ones go on as before")
    void build() throws Exception {
        InstalledAction large = actions.action("acme/large", false, "#!/bin/sh\n", "large", tooMuch());
        InstalledAction small = actions.action("acme/small", false, "#!/bin/sh\n");
        isTold(catchThrowableOfType(RunnerException.class, () -> build(large)), "acme/large");
        build(small);
        assertThat(engine.control().inspectImageCmd("rungpt-test/small").exec().getId())
                .startsWith("sha256:");
        try (var left = Files.list(directory.resolve("data"))) {
            assertThat(left).isEmpty();
        }
    }

    private void build(InstalledAction action) throws Exception {
        Path data = Files.createDirectories(directory.resolve("data"));
        Settings settings =
                new Settings(data, disk.host, null, 1 << 28, 1, 64, 0, Duration.ofMinutes(1), Duration.ofMinutes(1), 1);
        new ImageBuild(engine, settings, Map.of())
                .run(
                        "rungpt-test/" + action.id().value().substring("acme/".length()),
                        new ImageRecipe("FROM scratch\nCOPY . /\n", Map.of("", action.files())),
                        action.id().value(),
                        step -> {});
    }
}
