package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several servers on one machine and one Docker engine, and a server without Docker. */
@Tag("docker")
class SideBySideTest {
    @TempDir
    Path directory;

    @Test
    void twoServersDoNotDisturbEachOther() throws Exception {
        try (RunGpt one = new RunGpt(directory.resolve("one")).start();
                RunGpt two = new RunGpt(directory.resolve("two")).start()) {
            assertThat(one.url()).isNotEqualTo(two.url());
            assertThat(one.script("ask", "--model", "demo/demo", "What machine are you running on?")
                            .exit())
                    .isZero();
            assertThat(two.script("ask", "--model", "demo/demo", "What machine are you running on?")
                            .exit())
                    .isZero();
            two.close();
            assertThat(two.script("status").exit()).isNotZero();
            assertThat(one.script("ask", "--model", "demo/demo", "List the files in the workspace")
                            .exit())
                    .isZero();
        }
    }

    @Test
    void withoutDockerTheRestWorksAndSaysWhy() throws Exception {
        try (RunGpt rungpt = new RunGpt(directory.resolve("data"))
                .with("DOCKER_HOST", "unix://" + directory.resolve("no-docker.sock"))
                .start()) {
            RunGpt.Ended doctor = rungpt.script("doctor");
            assertThat(doctor.exit()).isNotZero();
            assertThat(doctor.out() + doctor.err()).contains("Docker");
            assertThat(rungpt.script("ask", "--model", "demo/demo", "Hello").exit())
                    .isZero();
        }
    }

    @Test
    void aSecondStartOnTheSameDataFindsTheRunningServer() throws Exception {
        try (RunGpt first = new RunGpt(directory.resolve("data")).start()) {
            long pid = first.pid();
            RunGpt second = new RunGpt(directory.resolve("data")).start();
            assertThat(second.pid()).isEqualTo(pid);
            assertThat(second.url()).isEqualTo(first.url());
        }
    }

    @Test
    void everythingInTheDataDirectoryIsPrivate() throws Exception {
        try (RunGpt rungpt = new RunGpt(directory.resolve("data")).start()) {
            rungpt.script("ask", "--model", "demo/demo", "List the files in the workspace");
            assertThat(Traces.openToOthers(rungpt.data)).isEmpty();
        }
    }
}
