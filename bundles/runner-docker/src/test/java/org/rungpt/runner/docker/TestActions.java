package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.action.Task;

/** Makes small actions for tests. */
final class TestActions {
    /** Runs the argument {@code command} by sh; {@code nothing} ends at once. */
    static final String SHELL = """
            #!/bin/sh
            case $1 in
            nothing) exit 0 ;;
            shell) exec python3 -IS -c 'import json, os, signal, sys
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os.execv("/bin/sh", ["sh", "-c", json.load(sys.stdin)["command"]])' ;;
            esac
            """;

    /** Every action that was made here. */
    final List<InstalledAction> made = new CopyOnWriteArrayList<>();

    private final Path root;

    TestActions(Path root) {
        this.root = root;
    }

    InstalledAction action(String id, boolean builtIn, String run, String... more) throws Exception {
        return action(id, builtIn, Manifest.Packages.NONE, run, more);
    }

    InstalledAction action(String id, boolean builtIn, Manifest.Packages packages, String run, String... more)
            throws Exception {
        return action(id, builtIn, packages, "base", run, more);
    }

    /** @param more names and contents of further files */
    InstalledAction action(
            String id, boolean builtIn, Manifest.Packages packages, String image, String run, String... more)
            throws Exception {
        String json = "{\"schema\": 1, \"name\": \"test\", \"title\": \"Test\", \"version\": \"1\", \"description\":"
                + " \"A test.\", \"tasks\": [{\"name\": \"shell\", \"description\": \"x\"}, {\"name\":"
                + " \"nothing\", \"description\": \"x\"}]}";
        Path directory = Files.createTempDirectory(root, "action-");
        Files.writeString(directory.resolve("manifest.json"), json);
        write(directory, "run", run);
        for (int i = 0; i < more.length; i += 2) {
            write(directory, more[i], more[i + 1]);
        }
        List<Task> tasks = List.of(task("shell"), task("nothing"));
        Manifest manifest = new Manifest(
                "test",
                "Test",
                "1",
                "A test.",
                null,
                tasks,
                packages,
                image,
                false,
                List.of(),
                List.of(),
                List.of(),
                Manifest.Resources.DEFAULT,
                List.of(),
                json);
        ActionPackage files = new ActionPackage(new ActionId(id), "1", null, directory, hash(directory), builtIn, null);
        InstalledAction action = new InstalledAction(files, "test", manifest);
        made.add(action);
        return action;
    }

    private static void write(Path directory, String name, String text) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        if (text.startsWith("#!")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    private static Task task(String name) {
        return new Task(
                name,
                "x",
                "{\"type\": \"object\"}",
                List.of(),
                Effects.WRITE,
                false,
                false,
                Duration.ofMinutes(5),
                Task.Output.TEXT);
    }

    static InstalledTask task(InstalledAction action, String name) {
        return new InstalledTask(action, action.manifest().task(name).orElseThrow());
    }

    private static String hash(Path directory) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                digest.update(directory.relativize(file).toString().getBytes("UTF-8"));
                digest.update(Files.readAllBytes(file));
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** A registry that has exactly these. */
    static ActionRegistry registry(List<InstalledAction> actions) {
        return new ActionRegistry() {
            @Override
            public List<InstalledAction> actions() {
                return actions;
            }

            @Override
            public java.util.Optional<InstalledTask> task(String name) {
                return java.util.Optional.empty();
            }

            @Override
            public List<Rejection> rejections() {
                return List.of();
            }
        };
    }
}
