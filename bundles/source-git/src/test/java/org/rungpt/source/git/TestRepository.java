package org.rungpt.source.git;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** A real repository, made by Git itself. */
final class TestRepository {
    private final Path directory;

    TestRepository(Path root, String name) throws IOException {
        directory = Files.createDirectories(root.resolve(name));
        git("init", "-q", "-b", "main");
    }

    static String manifest(String name) {
        return """
                {"schema": 1, "name": "%s", "title": "Test", "version": "1.0.0", "description": "For tests.",
                 "tasks": [{"name": "go", "description": "Goes.", "parameters": {"type": "object", "properties": {}}}]}
                """.formatted(name);
    }

    Path directory() {
        return directory;
    }

    /** Writes an action of that name into a directory of the repository; the root is the empty string. */
    TestRepository action(String where, String name) throws IOException {
        Path run = directory.resolve(where).resolve("run");
        write(where.isEmpty() ? "manifest.json" : where + "/manifest.json", manifest(name));
        Files.writeString(run, "#!/bin/sh\necho " + name + "\n");
        Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxr-xr-x"));
        return this;
    }

    TestRepository write(String path, String text) throws IOException {
        Path file = directory.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        return this;
    }

    /** Commits everything and gives the commit. */
    String commit() throws IOException {
        git("add", "-A");
        git("commit", "-q", "--allow-empty", "-m", "change");
        return git("rev-parse", "HEAD");
    }

    String git(String... arguments) throws IOException {
        return git(new byte[0], arguments);
    }

    String git(byte[] input, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("GIT_"));
        environment.put("HOME", directory.toString());
        environment.put("GIT_CONFIG_NOSYSTEM", "1");
        for (String who : List.of("AUTHOR", "COMMITTER")) {
            environment.put("GIT_" + who + "_NAME", "Test");
            environment.put("GIT_" + who + "_EMAIL", "test@example.org");
        }
        Process process = builder.start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(input);
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        try {
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + ": " + output);
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        return output;
    }

    /** An entry of a tree as no honest Git would write it. */
    record Raw(String mode, byte[] name, String object) {
        Raw(String mode, String name, String object) {
            this(mode, name.getBytes(StandardCharsets.UTF_8), object);
        }
    }

    String blob(String text) throws IOException {
        return git(text.getBytes(StandardCharsets.UTF_8), "hash-object", "-w", "--stdin");
    }

    String tree(List<Raw> entries) throws IOException {
        var bytes = new ByteArrayOutputStream();
        for (Raw entry : entries) {
            bytes.writeBytes((entry.mode() + " ").getBytes(StandardCharsets.US_ASCII));
            bytes.writeBytes(entry.name());
            bytes.write(0);
            bytes.writeBytes(HexFormat.of().parseHex(entry.object()));
        }
        return git(bytes.toByteArray(), "hash-object", "-w", "-t", "tree", "--literally", "--stdin");
    }

    /** The tree of a good action with further entries, sorted as Git wants it, becomes what main points to. */
    void commitRaw(String name, List<Raw> further) throws IOException {
        List<Raw> entries = new ArrayList<>(further);
        entries.add(new Raw("100644", "manifest.json", blob(manifest(name))));
        entries.add(new Raw("100755", "run", blob("#!/bin/sh\n")));
        entries.sort((a, b) -> Arrays.compareUnsigned(sortKey(a), sortKey(b)));
        git("update-ref", "refs/heads/main", git("commit-tree", "-m", "raw", tree(entries)));
    }

    private static byte[] sortKey(Raw entry) {
        byte[] key = Arrays.copyOf(entry.name(), entry.name().length + 1);
        key[entry.name().length] = (byte) (entry.mode().equals("40000") ? '/' : 0);
        return key;
    }
}
