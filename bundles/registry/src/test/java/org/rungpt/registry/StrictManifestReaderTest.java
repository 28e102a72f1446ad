package org.rungpt.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.ManifestReader;
import org.rungpt.api.action.Task;

class StrictManifestReaderTest {
    private static final StrictManifestReader READER = new StrictManifestReader();

    @TempDir
    Path directory;

    @Test
    void readsAGoodManifest() throws IOException {
        ManifestReader.Result result = READER.read(ActionFiles.write(directory, ActionFiles.GOOD));

        assertThat(result.problems()).isEmpty();
        Manifest manifest = result.manifest();
        assertThat(manifest.name()).isEqualTo("plot");
        assertThat(manifest.image()).isEqualTo("base");
        assertThat(manifest.tasks()).singleElement().satisfies(task -> {
            assertThat(task.effects()).isEqualTo(Effects.WRITE);
            assertThat(task.timeout()).isEqualTo(Duration.ofSeconds(30));
            assertThat(task.idleTimeout()).isEqualTo(Duration.ofSeconds(30));
            assertThat(task.output()).isEqualTo(Task.Output.TEXT);
            assertThat(task.examples()).containsExactly("{\"formula\":\"sin(x)\"}");
            assertThat(task.parameters()).startsWith("{\"type\":\"object\"");
        });
    }

    @Test
    void aCallMayBeSilentForTenMinutesOrAsItsTaskSaysButNeverLongerThanItsTime() throws IOException {
        String hour = ActionFiles.GOOD.replace("\"timeout\": 30", "\"timeout\": 3600");
        assertThat(task(hour).idleTimeout()).isEqualTo(Duration.ofMinutes(10));
        assertThat(task(hour.replace("3600", "3600, \"idleTimeout\": 900")).idleTimeout())
                .isEqualTo(Duration.ofMinutes(15));
        assertThat(task(ActionFiles.GOOD.replace("30", "30, \"idleTimeout\": 5"))
                        .idleTimeout())
                .isEqualTo(Duration.ofSeconds(5));
    }

    private Task task(String manifest) throws IOException {
        ManifestReader.Result result = READER.read(ActionFiles.write(directory, manifest));
        assertThat(result.problems()).isEmpty();
        return result.manifest().tasks().get(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"containers", "filesystem", "system"})
    void acceptsTheBuiltInActions(String name) {
        ManifestReader.Result result = READER.read(Path.of("../../actions/rungpt", name));

        assertThat(result.problems()).isEmpty();
        assertThat(result.manifest().name()).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"acme/tool", "acme/tool:1.2", "registry.test:5000/acme/tool:RELEASE.2024-10-13T13-34-11Z"})
    void acceptsAnImageByDigestWhateverItsTagIsBesideIt(String name) throws IOException {
        String image = name + "@sha256:" + "0a".repeat(32);
        ManifestReader.Result result = READER.read(ActionFiles.write(
                directory,
                ActionFiles.GOOD.replace(
                        "\"tasks\"",
                        "\"image\": \"%s\", \"sidecars\": [{\"name\": \"s\", \"image\": \"%s\", \"port\": 80}], \"tasks\""
                                .formatted(image, image))));

        assertThat(result.problems()).isEmpty();
        assertThat(result.manifest().image()).isEqualTo(image);
    }

    @ParameterizedTest
    @CsvSource({
        "postgres, true",
        "postgres:16, true",
        "minio/minio:RELEASE.2024-10-13T13-34-11Z, true",
        "registry.test:5000/acme/tool, true",
        "registry.test:5000/acme/tool:V1_a@sha256:DIGEST, true",
        "acme/tool@sha256:DIGEST, true",
        "Acme/tool, false",
        "acme/Tool:1, false",
        "acme/tool:1@sha256:0a, false",
        "acme/tool@md5:DIGEST, false",
        "--privileged, false",
        "acme/tool --privileged, false",
        "ftp://host/x?y, false"
    })
    void aContainerIsStartedFromWhateverMayBeTheNameOfAnImage(String image, boolean valid) throws IOException {
        Task start = READER.read(Path.of("../../actions/rungpt/containers")).manifest().tasks().stream()
                .filter(task -> task.name().equals("start"))
                .findFirst()
                .orElseThrow();
        var problems = new Problems();
        Schemas.validate(
                new Schemas().compile(StrictJson.MAPPER.readTree(start.parameters())),
                StrictJson.MAPPER
                        .createObjectNode()
                        .put("name", "db")
                        .put("image", image.replace("DIGEST", "0a".repeat(32))),
                "",
                problems);
        assertThat(problems.isEmpty()).as("%s", problems.lines()).isEqualTo(valid);
    }

    @Test
    void acceptsTheOriginalsManifestAsOneTask() throws IOException {
        ManifestReader.Result result = READER.read(ActionFiles.write(directory, """
                {"schema_version": "0.0.0", "name_for_human": "Hello action", "name_for_model": "hello",
                 "description_for_human": "Some action", "description_for_model": "Says hello.",
                 "logo_url": "https://example.com/logo.png"}
                """));

        assertThat(result.problems()).isEmpty();
        assertThat(result.manifest().name()).isEqualTo("hello");
        assertThat(result.manifest().title()).isEqualTo("Hello action");
        assertThat(result.manifest().tasks()).singleElement().satisfies(task -> {
            assertThat(task.name()).isEqualTo("run");
            assertThat(task.description()).isEqualTo("Says hello.");
        });
    }

    @Test
    void acceptsASchemaThatRefersToItselfThroughItsValues() throws IOException {
        String tree =
                "{\"type\": \"object\", \"properties\": {\"node\": {\"$ref\": \"#\"}, \"list\": {\"type\": \"array\","
                        + " \"items\": {\"$ref\": \"#/properties/node\"}}}}";
        ActionFiles.write(
                directory,
                ActionFiles.GOOD
                        .replaceFirst("(?s)\"parameters\":.*", "\"parameters\": TREE}]}")
                        .replace("TREE", tree));

        assertThat(READER.read(directory).problems()).isEmpty();
    }

    @Test
    void anythingButAnExecutableRegularFileIsNoRun() throws IOException {
        ActionFiles.write(directory, ActionFiles.GOOD);
        Path run = directory.resolve("run");

        Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(READER.read(directory).problems()).singleElement().asString().startsWith("run: is not executable");

        ActionFiles.run(directory, "#!/bin/sh\r\necho\r\n");
        assertThat(READER.read(directory).problems())
                .singleElement()
                .asString()
                .startsWith("run: has Windows line ends");

        ActionFiles.run(directory, "\uFEFF#!/bin/sh\n");
        assertThat(READER.read(directory).problems())
                .singleElement()
                .asString()
                .startsWith("run: begins with a byte order mark");

        ActionFiles.run(directory, "");
        assertThat(READER.read(directory).problems()).singleElement().asString().startsWith("run: is empty");

        Files.delete(run);
        assertThat(READER.read(directory).problems()).singleElement().asString().startsWith("run: is missing");

        Files.createSymbolicLink(run, directory.resolve("manifest.json"));
        assertThat(READER.read(directory).problems()).singleElement().asString().startsWith("run: is a symbolic link");

        Files.delete(run);
        Files.createDirectory(run);
        assertThat(READER.read(directory).problems()).singleElement().asString().startsWith("run: is a");
    }

    @Test
    void aManifestThatIsALinkOrMissingIsRefused() throws IOException {
        ActionFiles.run(directory, "#!/bin/sh\n");
        assertThat(READER.read(directory).problems())
                .singleElement()
                .asString()
                .startsWith("manifest.json: is missing");

        Files.createSymbolicLink(directory.resolve("manifest.json"), directory.resolve("run"));
        assertThat(READER.read(directory).problems())
                .singleElement()
                .asString()
                .isEqualTo("manifest.json: must be a regular file");
    }
}
