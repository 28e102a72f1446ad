package org.rungpt.source.git;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.ActionException;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionReference;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.ManifestReader;

/** A server with real repositories and a source that installs from it. */
abstract class Fixture {
    static final long MIB = 1024 * 1024;
    static final Limits SMALL =
            new Limits(200, 4 * MIB, MIB, 32, 600, MIB, 8 * MIB, Duration.ofSeconds(10), Duration.ofMinutes(1));

    @TempDir
    Path directory;

    Path data;
    Path repositories;
    GitServer server;
    GitSource source;

    @BeforeEach
    void start() throws IOException {
        data = directory.resolve("data");
        repositories = Files.createDirectories(directory.resolve("repositories"));
        server = new GitServer(repositories);
        source = newSource(Instant.EPOCH);
    }

    @AfterEach
    void end() {
        source.stop();
        server.close();
    }

    GitSource newSource(Instant processStart) {
        var made = new GitSource(data, server.url(), SMALL, processStart);
        made.setReader(Fixture::read);
        return made;
    }

    /** Takes the alias from the manifest; a manifest without one is refused. */
    static ManifestReader.Result read(Path files) {
        try {
            String text = Files.readString(files.resolve("manifest.json"));
            if (!text.contains("\"name\": \"")) {
                return new ManifestReader.Result(null, List.of("manifest.json: name: is missing", "run: is missing"));
            }
            String name = text.replaceFirst("(?s).*?\"name\": \"([a-z_0-9]+)\".*", "$1");
            return new ManifestReader.Result(
                    new Manifest(
                            name,
                            name,
                            "1",
                            "",
                            null,
                            List.of(),
                            Manifest.Packages.NONE,
                            "base",
                            false,
                            List.of(),
                            List.of(),
                            List.of(),
                            Manifest.Resources.DEFAULT,
                            List.of(),
                            text),
                    List.of());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    TestRepository repository(String name) throws IOException {
        return new TestRepository(repositories, name);
    }

    ActionPackage install(String reference) throws ActionException {
        return source.install(ActionReference.parse(reference), (step, done, total) -> {});
    }

    /** What is being staged; must be nothing between two operations. */
    List<Path> staged() throws IOException {
        try (var left = Files.list(data.resolve("actions/.staged"))) {
            return left.toList();
        }
    }
}
