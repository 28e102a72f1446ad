package org.rungpt.runner.docker;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/** An engine's socket behind which anything may be. It speaks enough to be taken for an engine without containers. */
final class FakeEngine implements AutoCloseable {
    /** What it says to nobody: the connection stays open. */
    static final String SILENCE = "";

    final Path socket;
    private final ServerSocketChannel server;
    private final List<SocketChannel> clients = new CopyOnWriteArrayList<>();
    private volatile UnaryOperator<String> answers;
    private volatile boolean keepsOpen;

    /** @param answers the whole answer to the path of a request */
    FakeEngine(Path socket, UnaryOperator<String> answers) throws IOException {
        this.socket = socket;
        this.answers = answers;
        this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        start(() -> {
            while (true) {
                SocketChannel client = server.accept();
                clients.add(client);
                start(() -> serve(client));
            }
        });
    }

    void answer(UnaryOperator<String> next) {
        answers = next;
    }

    /** From now on it lets connections stand that it has answered. */
    void keepOpen() {
        keepsOpen = true;
    }

    private void serve(SocketChannel client) throws IOException {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(Channels.newInputStream(client), StandardCharsets.ISO_8859_1));
        String request = lines.readLine();
        while (request != null) {
            for (String header = lines.readLine(); header != null && !header.isEmpty(); header = lines.readLine()) {
                // Requests without a body, all of them.
            }
            String answer = answers.apply(request.split(" ")[1].replaceFirst("^/v[0-9.]+", ""));
            if (answer.equals(SILENCE)) {
                return;
            }
            ByteBuffer bytes = ByteBuffer.wrap(answer.getBytes(StandardCharsets.ISO_8859_1));
            while (bytes.hasRemaining()) {
                client.write(bytes);
            }
            if (!keepsOpen) {
                client.close();
            }
            return;
        }
    }

    static String http(int status, String body) {
        return "HTTP/1.1 " + status + " Told\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
                + body.length() + "\r\n\r\n" + body;
    }

    /** An engine in order whose runc is of this version. */
    static UnaryOperator<String> healthy(String runc) {
        return path -> {
            if (path.startsWith("/version")) {
                return http(
                        200,
                        "{\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\",\"Components\":[{\"Name\":\"Engine\",\"Version\":\"20.10.24\"},"
                                + "{\"Name\":\"runc\",\"Version\":\"" + runc + "\"}]}");
            }
            if (path.startsWith("/info")) {
                return http(200, "{\"MemTotal\":8589934592}");
            }
            if (path.startsWith("/volumes")) {
                return http(200, "{\"Volumes\":[],\"Warnings\":null}");
            }
            if (path.startsWith("/images/json")) {
                return http(
                        200,
                        "[{\"Id\":\"sha256:" + "a".repeat(64)
                                + "\",\"RepoTags\":[\"rungpt/base:x\"],\"Created\":1,\"Size\":1,\"Labels\":{}}]");
            }
            return http(200, path.startsWith("/_ping") ? "OK" : "[]");
        };
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
        for (SocketChannel client : clients) {
            client.close();
        }
        Files.deleteIfExists(socket);
    }
}
