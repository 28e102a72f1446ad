package org.rungpt.runner.docker;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An engine of the test's own, whose disk is as small as it is wanted and which may be stopped. Needs to be root, and dockerd and ip on this machine. It has a
 * bridge of its own: one without any would remove that of the engine beside it.
 */
final class PrivateEngine implements AutoCloseable {
    private static final Path DOCKERD = Path.of("/usr/sbin/dockerd");
    private static final Path OTHER_DOCKERD = Path.of("/usr/bin/dockerd");

    private static final Path IP = Path.of("/usr/sbin/ip");

    final String host;
    private final String bridge = "rgt-" + Instance.newName().substring(0, 8);
    private final Path directory;
    private final Path disk;
    private final List<String> more;
    private Process engine;

    /** @param more further options */
    PrivateEngine(Path directory, int mebibytes, String... more) throws Exception {
        this.directory = directory;
        this.more = List.of(more);
        disk = Files.createDirectory(directory.resolve("disk"));
        host = EngineAddress.UNIX + directory.resolve("docker.sock");
        run("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m", "tmpfs", disk.toString());
        try {
            run(IP.toString(), "link", "add", "name", bridge, "type", "bridge");
            run(IP.toString(), "address", "add", "198.19.255.1/30", "dev", bridge);
            engine = start();
        } catch (IOException | RuntimeException e) {
            clear();
            throw e;
        }
    }

    private Process start() throws Exception {
        List<String> command = new ArrayList<>(List.of(
                (Files.isExecutable(DOCKERD) ? DOCKERD : OTHER_DOCKERD).toString(),
                "--data-root=" + disk.resolve("data"),
                "--exec-root=" + directory.resolve("exec"),
                "--pidfile=" + directory.resolve("pid"),
                "--host=" + host,
                "--bridge=" + bridge,
                "--ip-forward=false",
                "--iptables=false",
                "--ip6tables=false"));
        command.addAll(more);
        Process started = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            awaitReady(started);
        } catch (IOException | RuntimeException e) {
            end(started);
            throw e;
        }
        return started;
    }

    /** It is not there until it is started again. */
    void stop() throws InterruptedException {
        end(engine);
    }

    void startAgain() throws Exception {
        engine = start();
    }

    private static void awaitReady(Process engine) throws IOException {
        BufferedReader lines = engine.inputReader(StandardCharsets.UTF_8);
        StringBuilder said = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.contains("API listen on")) {
                Thread reader = new Thread(() -> passOver(lines));
                reader.setDaemon(true);
                reader.start();
                return;
            }
            said.append(line).append('\n');
        }
        throw new IOException("dockerd did not start:\n" + said);
    }

    private static void passOver(BufferedReader lines) {
        try {
            lines.transferTo(Writer.nullWriter());
        } catch (IOException e) {
            // It has ended.
        }
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(List.of(command) + ": " + said);
        }
    }

    private static void end(Process engine) throws InterruptedException {
        engine.destroy();
        if (!engine.waitFor(60, TimeUnit.SECONDS)) {
            engine.destroyForcibly().waitFor();
        }
    }

    @Override
    public void close() throws Exception {
        stop();
        clear();
    }

    private void clear() throws Exception {
        try {
            run(IP.toString(), "link", "delete", bridge);
        } finally {
            // With what the engine has mounted in there and left, and that what it started may still have open.
            run("umount", "--recursive", "--lazy", disk.toString());
        }
    }
}
