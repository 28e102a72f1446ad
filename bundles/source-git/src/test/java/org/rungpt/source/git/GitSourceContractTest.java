package org.rungpt.source.git;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.ActionReference;
import org.rungpt.api.action.ActionSource;
import org.rungpt.testkit.ActionSourceContract;

class GitSourceContractTest extends ActionSourceContract {
    @TempDir
    Path directory;

    private GitServer server;
    private GitSource source;
    private TestRepository repository;

    @BeforeEach
    void install() throws Exception {
        Path repositories = Files.createDirectories(directory.resolve("repositories"));
        server = new GitServer(repositories);
        repository = new TestRepository(repositories, "acme/plot").action("", "plot");
        repository.commit();
        source = new GitSource(directory.resolve("data"), server.url(), Fixture.SMALL, Instant.EPOCH);
        source.setReader(Fixture::read);
        source.install(ActionReference.parse("acme/plot"), (step, done, total) -> {});
    }

    @AfterEach
    void stop() {
        source.stop();
        server.close();
    }

    @Override
    protected ActionSource source() {
        return source;
    }

    @Override
    protected boolean change() throws Exception {
        repository.write("more", "x").commit();
        source.update(source.packages().get(0).id(), (step, done, total) -> {});
        return true;
    }
}
