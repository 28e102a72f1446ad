package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a user is told of an engine whose runtime programs can break out of. */
@Tag("docker")
class VersionGateTest {
    @TempDir
    Path directory;

    @ParameterizedTest(name = "runc {0}")
    @CsvSource({"1.1.5, 1", "9.9.9, 0"})
    @DisplayName(
            "A.14 an engine with a runc that can be broken out of is warned about at the start, and fails doctor --strict")
    void theVersionOfRuncIsJudged(String version, int strict) throws Exception {
        try (EngineOfVersion engine = new EngineOfVersion(directory.resolve("docker.sock"), version);
                ModelServer model = new ModelServer((request, answer) -> answer.text("Fine."));
                RunGpt rungpt = new RunGpt(directory.resolve("data"))
                        .with("DOCKER_HOST", "unix://" + engine.socket)
                        .with("OPENAI_BASE_URL", model.url())
                        .with("OPENAI_API_KEY", "sk-test")) {
            rungpt.start();
            // From the first call on the engine is known.
            String conversation = rungpt.conversation();
            rungpt.say(conversation, "/run system.shell command=\"true\"");
            rungpt.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
            RunGpt.Ended usual = rungpt.script("doctor");
            assertThat(usual.exit()).as(usual.toString()).isZero();
            RunGpt.Ended strictly = rungpt.script("doctor", "--strict");
            assertThat(strictly.exit()).as(strictly.toString()).isEqualTo(strict);
            String log = Files.readString(rungpt.data.resolve("logs/rungpt.log"));
            if (strict == 0) {
                assertThat(strictly.out() + log).doesNotContain("CVE-");
            } else {
                assertThat(strictly.out()).contains("runc 1.1.5", "CVE-2025-31133", "update it to");
                assertThat(log).contains("runc 1.1.5", "CVE-2025-31133");
            }
        }
    }

    /** The engine of this machine, which says of its runc that it has another version. */
    private static final class EngineOfVersion implements AutoCloseable {
        final Path socket;
        private final byte[] real;
        private final byte[] told;
        private final ServerSocketChannel server;
        private final List<SocketChannel> open = new CopyOnWriteArrayList<>();

        EngineOfVersion(Path socket, String version) throws IOException, InterruptedException {
            this.socket = socket;
            String is = versionOfRunc();
            // As long as the real one: the length of the answer was said before.
            String says = version
                    + (is.length() > version.length() ? "+" : "")
                    + "x".repeat(Math.max(0, is.length() - version.length() - 1));
            assertThat(says).as("runc %s", is).hasSameSizeAs(is);
            real = quoted(is);
            told = quoted(says);
            server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(socket));
            start(() -> {
                while (true) {
                    SocketChannel client = server.accept();
                    SocketChannel engine =
                            SocketChannel.open(UnixDomainSocketAddress.of(Path.of("/var/run/docker.sock")));
                    open.add(client);
                    open.add(engine);
                    start(() -> pump(client, engine));
                    start(() -> pump(engine, client));
                }
            });
        }

        private static byte[] quoted(String version) {
            return ("\"Version\":\"" + version + "\"").getBytes(StandardCharsets.US_ASCII);
        }

        private static String versionOfRunc() throws IOException, InterruptedException {
            Process docker = new ProcessBuilder("docker", "version", "--format", "{{json .Server.Components}}")
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            JsonNode components =
                    ModelServer.JSON.readTree(docker.getInputStream().readAllBytes());
            assertThat(docker.waitFor()).isZero();
            for (JsonNode component : components) {
                if (component.path("Name").asText().equals("runc")) {
                    return component.path("Version").asText();
                }
            }
            throw new AssertionError("no runc: " + components);
        }

        private void pump(SocketChannel from, SocketChannel to) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(64 * 1024);
            while (from.read(bytes) >= 0) {
                bytes.flip();
                ByteBuffer out = ByteBuffer.wrap(otherwise(bytes));
                while (out.hasRemaining()) {
                    to.write(out);
                }
                bytes.clear();
            }
            to.shutdownOutput();
        }

        private byte[] otherwise(ByteBuffer bytes) {
            byte[] all = new byte[bytes.remaining()];
            bytes.get(all);
            ByteArrayOutputStream out = new ByteArrayOutputStream(all.length);
            for (int i = 0; i < all.length; ) {
                boolean here = i + real.length <= all.length
                        && ByteBuffer.wrap(all, i, real.length).equals(ByteBuffer.wrap(real));
                out.write(here ? told : all, here ? 0 : i, here ? told.length : 1);
                i += here ? real.length : 1;
            }
            return out.toByteArray();
        }

        private interface Task {
            void run() throws IOException;
        }

        private static void start(Task task) {
            Thread thread = new Thread(() -> {
                try {
                    task.run();
                } catch (IOException e) {
                    // Closed, by one side or the other.
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        @Override
        public void close() throws IOException {
            server.close();
            for (SocketChannel channel : open) {
                channel.close();
            }
            Files.deleteIfExists(socket);
        }
    }
}
