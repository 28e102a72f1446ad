package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** The engine behind a socket that comes, goes and cuts its connections. */
@Tag("docker")
final class EngineReturnsIT {
    @TempDir
    Path directory;

    private Bench bench;
    private Relay relay;

    @BeforeEach
    void open() throws Exception {
        relay = new Relay(directory.resolve("docker.sock"));
        bench = new Bench(directory, 0, "unix://" + relay.path);
    }

    @AfterEach
    void close() throws Exception {
        bench.close();
        relay.close();
    }

    @Test
    @DisplayName("I.101 an engine that restarts is found again within ten seconds")
    void isFoundAgainWithinTenSeconds() throws Exception {
        assertThatThrownBy(() -> bench.runner().release("nobody")).isInstanceOf(RunnerException.class);
        relay.open();
        assertThat(bench.runner().awaitEngine(Duration.ofSeconds(10))).isTrue();
        bench.ready();
        relay.close();
        bench.runner().suspectEngine();
        relay.open();
        assertThat(bench.runner().awaitEngine(Duration.ofSeconds(10))).isTrue();
        bench.ready();
    }

    @Test
    @DisplayName("I.101 a connection that is cut amid output costs a call nothing")
    void aCallGoesOnOverACutConnection() throws Exception {
        relay.open();
        bench.ready();
        String conversation = "c-" + UUID.randomUUID();
        RecordingObserver observer = new RecordingObserver();
        CallHandle call = bench.start(
                conversation, bench.shell(), "seq 1 20000; while [ ! -e go ]; do sleep 0.05; done; echo end", observer);
        observer.await("\n20000\n");

        relay.cut();
        Bench.await(bench.start(conversation, bench.shell(), "touch go", new RecordingObserver()));
        assertThat(Bench.await(call).exit()).isZero();
        assertThat(observer.text(Stream.STDOUT)).endsWith("20000\nend\n");
    }

    @Test
    @DisplayName("I.101 a container that the engine made without answering is found by its label and removed")
    void anAnswerThatIsLostLeavesNoContainer() throws Exception {
        relay.open();
        bench.ready();
        String conversation = "c-" + UUID.randomUUID();
        relay.loseAnswerTo(Labels.CONTENTS); // which only the containers of sandboxes carry
        CallHandle call = bench.start(conversation, bench.shell(), "true", new RecordingObserver());
        assertThatThrownBy(() -> Bench.await(call)).hasCauseInstanceOf(RunnerException.class);
        assertThat(relay.lost.await(60, TimeUnit.SECONDS)).isTrue();
        bench.runner().release(conversation);
        for (int attempt = 0; attempt < 200 && !bench.containers().isEmpty(); attempt++) {
            bench.runner().suspectEngine();
        }
        assertThat(bench.containers()).isEmpty();
        String next = "c-" + UUID.randomUUID();
        assertThat(Bench.await(bench.start(next, bench.shell(), "true", new RecordingObserver()))
                        .exit())
                .isZero();
    }

    /** Passes bytes on to the engine. */
    private static final class Relay implements AutoCloseable {
        final Path path;
        private final List<SocketChannel> open = new CopyOnWriteArrayList<>();
        private volatile String deaf;
        final CountDownLatch lost = new CountDownLatch(1);
        private ServerSocketChannel server;

        Relay(Path path) {
            this.path = path;
        }

        void open() throws IOException {
            server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(path));
            ServerSocketChannel listening = server;
            daemon(() -> {
                while (true) {
                    SocketChannel client = listening.accept();
                    SocketChannel engine =
                            SocketChannel.open(UnixDomainSocketAddress.of(Bench.HOST.substring("unix://".length())));
                    open.add(client);
                    open.add(engine);
                    AtomicBoolean cut = new AtomicBoolean();
                    daemon(() -> copy(client, engine, text -> {
                        String request = deaf;
                        if (request != null && text.contains(request)) {
                            deaf = null;
                            cut.set(true);
                        }
                        return false;
                    }));
                    daemon(() -> copy(engine, client, text -> cut.get()));
                }
            });
        }

        private interface Task {
            void run() throws IOException;
        }

        private static void daemon(Task task) {
            Thread thread = new Thread(() -> {
                try {
                    task.run();
                } catch (ClosedChannelException e) {
                    // Cut on purpose.
                } catch (IOException e) {
                    // The same, seen from the other side.
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        /** The engine hears the next such request; whoever asked does not hear its answer. */
        void loseAnswerTo(String request) {
            deaf = request;
        }

        private void copy(SocketChannel from, SocketChannel to, Predicate<String> isLost) throws IOException {
            ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
            try {
                while (from.read(buffer) >= 0) {
                    buffer.flip();
                    if (isLost.test(StandardCharsets.ISO_8859_1
                            .decode(buffer.duplicate())
                            .toString())) {
                        lost.countDown();
                        return;
                    }
                    while (buffer.hasRemaining()) {
                        to.write(buffer);
                    }
                    buffer.clear();
                }
            } finally {
                from.close();
                to.close();
            }
        }

        void cut() throws IOException {
            for (SocketChannel channel : open) {
                channel.close();
            }
            open.clear();
        }

        @Override
        public void close() throws IOException {
            if (server != null) {
                server.close();
            }
            cut();
            Files.deleteIfExists(path);
        }
    }
}
