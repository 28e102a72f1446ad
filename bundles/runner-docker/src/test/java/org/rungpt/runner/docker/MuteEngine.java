package org.rungpt.runner.docker;

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
import org.jspecify.annotations.Nullable;

/** The real engine behind a socket that can swallow its answers: it does what it is told and says nothing. */
final class MuteEngine implements AutoCloseable {
    final Path socket;
    private final Path engine;
    private final ServerSocketChannel server;
    private final List<SocketChannel> open = new CopyOnWriteArrayList<>();
    private volatile @Nullable String mute;

    MuteEngine(Path socket) throws IOException {
        this.socket = socket;
        this.engine = Path.of(Bench.HOST.substring("unix://".length()));
        this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        start(() -> {
            while (true) {
                SocketChannel client = server.accept();
                SocketChannel behind = SocketChannel.open(UnixDomainSocketAddress.of(engine));
                open.add(client);
                open.add(behind);
                Exchange exchange = new Exchange();
                start(() -> pump(client, behind, exchange, true));
                start(() -> pump(behind, client, exchange, false));
            }
        });
    }

    /** Says nothing any more to requests in which this is. */
    void mute(String part) {
        mute = part;
    }

    /** Answers again, on new connections. */
    void speak() {
        mute = null;
    }

    private static final class Exchange {
        volatile boolean mute;
    }

    private void pump(SocketChannel from, SocketChannel to, Exchange exchange, boolean asks) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(64 * 1024);
        while (from.read(bytes) >= 0) {
            bytes.flip();
            String part = mute;
            if (asks
                    && part != null
                    && StandardCharsets.ISO_8859_1
                            .decode(bytes.duplicate())
                            .toString()
                            .contains(part)) {
                exchange.mute = true;
            }
            if (!asks && exchange.mute) {
                bytes.clear();
                continue;
            }
            while (bytes.hasRemaining()) {
                to.write(bytes);
            }
            bytes.clear();
        }
        to.shutdownOutput();
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
