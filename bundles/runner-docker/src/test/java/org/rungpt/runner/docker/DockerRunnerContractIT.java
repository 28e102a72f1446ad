package org.rungpt.runner.docker;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.testkit.ActionRunnerContract;

/** The contract of every runner, kept on the real engine. */
@Tag("docker")
final class DockerRunnerContractIT extends ActionRunnerContract {
    @TempDir
    static Path directory;

    private static Bench bench;

    @BeforeAll
    static void open() throws Exception {
        bench = new Bench(directory, 1).ready();
    }

    @AfterAll
    static void close() throws Exception {
        bench.close();
    }

    @Override
    protected ActionRunner runner() {
        return bench.runner();
    }

    @Override
    protected InstalledTask shell() {
        return bench.shell();
    }
}
