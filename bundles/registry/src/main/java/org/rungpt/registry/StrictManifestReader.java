package org.rungpt.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Schema;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.rungpt.api.action.ManifestReader;

/** Reads and checks manifests; nothing of an action is executed or followed. */
@Component
public final class StrictManifestReader implements ManifestReader {
    private final Schemas schemas;
    private final Schema manifestSchema;

    @Activate
    public StrictManifestReader() {
        schemas = new Schemas();
        manifestSchema = schemas.compile(manifestSchema());
    }

    private static ObjectNode manifestSchema() {
        try (InputStream in = StrictManifestReader.class.getResourceAsStream("manifest.schema.json")) {
            if (in == null) {
                throw new IllegalStateException("manifest.schema.json is not in the bundle");
            }
            return (ObjectNode) StrictJson.MAPPER.readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Result read(Path directory) {
        var problems = new Problems();
        RunFile.check(directory, problems);
        ObjectNode manifest = parse(directory, problems);
        if (manifest == null) {
            return new Result(null, problems.lines());
        }
        ManifestText.check(manifest, "", problems);
        if (OriginalManifest.is(manifest)) {
            manifest = OriginalManifest.convert(manifest, problems);
            if (!problems.isEmpty()) {
                return new Result(null, problems.lines());
            }
        }
        var shape = new Problems();
        Schemas.validate(manifestSchema, manifest, "", shape);
        shape.copyTo(problems);
        if (shape.isEmpty()) {
            ManifestChecks.check(manifest, directory, schemas, problems);
        }
        if (!problems.isEmpty()) {
            return new Result(null, problems.lines());
        }
        try {
            return new Result(ManifestMapper.map(manifest), problems.lines());
        } catch (JsonProcessingException e) {
            problems.file("manifest.json", "cannot be written back: " + e.getOriginalMessage());
            return new Result(null, problems.lines());
        }
    }

    private static @Nullable ObjectNode parse(Path directory, Problems problems) {
        Path file = directory.resolve("manifest.json");
        try {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
                    && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                problems.file("manifest.json", "must be a regular file");
                return null;
            }
            try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
                return StrictJson.object(in.readNBytes(StrictJson.MAX_BYTES + 1), problems);
            }
        } catch (NoSuchFileException e) {
            problems.file("manifest.json", "is missing: this directory is no action");
        } catch (IOException e) {
            problems.file("manifest.json", "cannot be read: " + e.getMessage());
        }
        return null;
    }
}
