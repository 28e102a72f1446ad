package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** Somebody on the engine who always takes the names that are about to be used. */
@Tag("docker")
final class NamesTakenIT {
    private static final Pattern CONTAINER = Pattern.compile("/containers/create\\?(?:\\S*&)?name=(rungpt-[a-z0-9-]+)");
    private static final Pattern VOLUME = Pattern.compile("\"Name\":\"(rungpt-[a-z0-9-]+)\"");

    @TempDir
    Path directory;

    private FaultyEngine engine;
    private Bench bench;
    private String image;
    private final Set<String> containers = ConcurrentHashMap.newKeySet();
    private final Set<String> volumes = ConcurrentHashMap.newKeySet();
    private final String conversation = "c-" + UUID.randomUUID();

    @BeforeEach
    void open() throws Exception {
        engine = new FaultyEngine(directory.resolve("docker.sock"));
        engine.open();
        bench = new Bench(directory, 0, engine.host()).ready();
        image = bench.images().base();
    }

    @AfterEach
    void close() throws Exception {
        engine.recover();
        for (String name : containers) {
            bench.docker().removeContainerCmd(name).withForce(true).exec();
        }
        try {
            bench.close();
        } finally {
            engine.close();
        }
    }

    /** Takes the name of a container that is about to be created, unless a name was taken that it follows. */
    private void takeContainer(String name) {
        if (containers.stream().noneMatch(name::startsWith)) {
            bench.docker()
                    .createContainerCmd(image)
                    .withName(name)
                    .withCmd("true")
                    .exec();
            containers.add(name);
        }
    }

    /** Of each kind the first. */
    private void takeVolume(String name) {
        boolean egress = name.contains("-egress-");
        if (volumes.stream().noneMatch(taken -> taken.contains("-egress-") == egress)) {
            bench.docker().createVolumeCmd().withName(name).exec();
            volumes.add(name);
        }
    }

    private boolean take(String request) {
        Matcher container = CONTAINER.matcher(request);
        if (container.find()) {
            takeContainer(container.group(1));
        }
        Matcher volume = VOLUME.matcher(request);
        if (volume.find()) {
            takeVolume(volume.group(1));
        }
        return true;
    }

    private void strangersAreThere() {
        containers.forEach(name -> assertThat(bench.docker()
                        .inspectContainerCmd(name)
                        .exec()
                        .getState()
                        .getStatus())
                .as(name)
                .isEqualTo("created"));
        volumes.forEach(
                name -> assertThat(bench.docker().inspectVolumeCmd(name).exec().getLabels())
                        .as(name)
                        .isNullOrEmpty());
    }

    @Test
    @DisplayName("I.99 where a name is taken already another one is taken, and what has it stays as it is")
    void another() throws Exception {
        engine.always("rungpt-", (request, exchange) -> take(request));
        RecordingObserver observer = new RecordingObserver();
        assertThat(Bench.await(bench.start(conversation, bench.shell(), "echo one > file; cat file", observer))
                        .exit())
                .isZero();
        assertThat(observer.text(Stream.STDOUT)).isEqualTo("one\n");
        InstalledAction built =
                bench.actions.action("acme/taken", false, TestActions.SHELL, "setup", "#!/bin/sh\necho made > made\n");
        RecordingObserver second = new RecordingObserver();
        assertThat(Bench.await(bench.start(
                                conversation,
                                TestActions.task(built, "shell"),
                                "cat /rungpt/actions/acme/taken/made",
                                second))
                        .exit())
                .as(second.text(Stream.STDERR))
                .isZero();
        assertThat(volumes).hasSize(2);
        // Sandboxes, and what looks at the workspace; and a step of a build.
        assertThat(containers).hasSizeGreaterThanOrEqualTo(3).anyMatch(name -> name.contains("-build-"));
        strangersAreThere();

        bench.runner().release(conversation);
        bench.runner().tidyNow();
        assertThat(bench.containers()).isEmpty();
        assertThat(bench.volumes()).isEmpty();
        strangersAreThere();
        volumes.forEach(name -> bench.docker().removeVolumeCmd(name).exec());
    }

    @Test
    @DisplayName("I.99 where every name is taken it is told in one line, and what has them stays as it is")
    void none() throws Exception {
        engine.always("/containers/create", (request, exchange) -> {
            Matcher container = CONTAINER.matcher(request);
            if (container.find()) {
                bench.docker()
                        .createContainerCmd(image)
                        .withName(container.group(1))
                        .withCmd("true")
                        .exec();
                containers.add(container.group(1));
            }
            return true;
        });
        InstalledAction built = bench.actions.action(
                "acme/taken", false, TestActions.SHELL, "setup", "#!/bin/sh\ntrue\n", "v", conversation);
        CallHandle step = bench.start(conversation, TestActions.task(built, "shell"), "true", new RecordingObserver());
        CallHandle plain = bench.start(conversation, bench.shell(), "true", new RecordingObserver());
        for (CallHandle call : new CallHandle[] {step, plain}) {
            assertThatThrownBy(() -> Bench.await(call))
                    .cause()
                    .isInstanceOf(RunnerException.class)
                    .message()
                    .contains("is already in use")
                    .hasLineCount(1);
        }
        assertThat(containers).hasSizeGreaterThanOrEqualTo(6);
        bench.runner().release(conversation);
        bench.runner().tidyNow();
        strangersAreThere();
        assertThat(bench.containers()).isEmpty();
    }
}
