package org.rungpt.registry;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Writes directories of actions for tests. */
final class ActionFiles {
    static final String GOOD = """
            {
              "schema": 1,
              "name": "plot",
              "title": "Plot",
              "version": "1.2.0",
              "description": "Draws functions.",
              "tasks": [
                {
                  "name": "draw",
                  "description": "Draws a function into a file.",
                  "effects": "write",
                  "timeout": 30,
                  "parameters": {
                    "type": "object",
                    "properties": {"formula": {"type": "string"}, "width": {"type": "integer", "minimum": 1}},
                    "required": ["formula"],
                    "additionalProperties": false
                  },
                  "examples": [{"formula": "sin(x)"}]
                }
              ]
            }
            """;

    private ActionFiles() {}

    static Path write(Path directory, String manifest) throws IOException {
        return write(directory, manifest.getBytes(StandardCharsets.UTF_8));
    }

    static Path write(Path directory, byte[] manifest) throws IOException {
        Files.createDirectories(directory);
        Files.write(directory.resolve("manifest.json"), manifest);
        run(directory, "#!/bin/sh\necho done\n");
        return directory;
    }

    static void run(Path directory, String program) throws IOException {
        Path run = directory.resolve("run");
        Files.writeString(run, program);
        Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    static String named(String name) {
        return GOOD.replace("\"plot\"", "\"" + name + "\"");
    }
}
