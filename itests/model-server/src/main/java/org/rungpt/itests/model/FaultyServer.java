package org.rungpt.itests.model;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A model server on loopback whose answers are written byte by byte, so that it can do everything wrong that a server can do wrong. */
public final class FaultyServer implements AutoCloseable {
    /** What is answered to one request. */
    public interface Answer {
        void write(Exchange exchange) throws Exception;
    }

    public record Request(String line, Map<String, String> headers, String body) {}

    private final ServerSocket listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    public final List<Request> requests = new CopyOnWriteArrayList<>();
    public final AtomicInteger connections = new AtomicInteger();
    private volatile Answer always;

    public FaultyServer() throws IOException {
        var thread = new Thread(this::listen, "faulty-server");
        thread.setDaemon(true);
        thread.start();
    }

    public String url() {
        return "http://127.0.0.1:" + listener.getLocalPort() + "/v1";
    }

    /** The answers to the next requests, in order. */
    public FaultyServer then(Answer answer) {
        answers.add(answer);
        return this;
    }

    /** The answer to every request for which there is no other. */
    public FaultyServer always(Answer answer) {
        always = answer;
        return this;
    }

    private void listen() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                sockets.add(socket);
                connections.incrementAndGet();
                var thread = new Thread(() -> serve(socket), "faulty-server-connection");
                thread.setDaemon(true);
                thread.start();
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = socket.getInputStream();
            while (true) {
                Request request = read(in);
                if (request == null) {
                    return;
                }
                requests.add(request);
                Answer answer = answers.poll();
                answer = answer == null ? always : answer;
                if (answer == null) {
                    return;
                }
                answer.write(new Exchange(socket, request));
                if (socket.isClosed()) {
                    return;
                }
            }
        } catch (Exception e) {
            // the client went away, or a test did
        } finally {
            sockets.remove(socket);
        }
    }

    private static Request read(InputStream in) throws IOException {
        var head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int b = in.read();
            if (b < 0) {
                return null;
            }
            head.write(b);
        }
        String[] lines = head.toString(StandardCharsets.ISO_8859_1).split("\r\n");
        Map<String, String> headers = new TreeMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            headers.put(
                    lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                    lines[i].substring(colon + 1).strip());
        }
        byte[] body = in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
        return new Request(lines[0], headers, new String(body, StandardCharsets.UTF_8));
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    /** One request being answered. */
    public static final class Exchange {
        private final Socket socket;
        public final Request request;

        Exchange(Socket socket, Request request) {
            this.socket = socket;
            this.request = request;
        }

        public Exchange raw(String text) throws IOException {
            return raw(text.getBytes(StandardCharsets.UTF_8));
        }

        public Exchange raw(byte[] bytes) throws IOException {
            OutputStream out = socket.getOutputStream();
            out.write(bytes);
            out.flush();
            return this;
        }

        /** The head of an answer whose body ends with the connection. */
        public Exchange head(int status, String type, String... headers) throws IOException {
            var head = new StringBuilder(
                    "HTTP/1.1 " + status + " X\r\nContent-Type: " + type + "\r\nConnection: close\r\n");
            for (String header : headers) {
                head.append(header).append("\r\n");
            }
            return raw(head + "\r\n");
        }

        public Exchange events() throws IOException {
            return head(200, "text/event-stream");
        }

        public Exchange chunked() throws IOException {
            return raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        }

        public Exchange chunk(String text) throws IOException {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            return raw(Integer.toHexString(bytes.length) + "\r\n").raw(bytes).raw("\r\n");
        }

        public void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        public void end() throws IOException {
            socket.close();
        }

        /** Waits until the client has closed the connection. */
        public void awaitClosed() throws IOException {
            socket.setSoTimeout(25_000);
            try {
                while (socket.getInputStream().read() >= 0) {
                    continue;
                }
            } catch (SocketTimeoutException e) {
                throw e;
            } catch (IOException e) {
                // reset: closed too
            }
        }

        /** Says nothing for so long, or until the client closes. */
        public void pause(int millis) throws IOException {
            socket.setSoTimeout(millis);
            try {
                while (socket.getInputStream().read() >= 0) {
                    continue;
                }
            } catch (SocketTimeoutException e) {
                // it still listens
            }
        }
    }

    public static Answer answer(int status, String body, String... headers) {
        return exchange -> {
            exchange.head(status, body.startsWith("<") ? "text/html" : "application/json", headers)
                    .raw(body);
            exchange.end();
        };
    }

    public static String text(String text) {
        return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":" + quoted(text) + "}}]}\n\n";
    }

    public static String finish(String reason) {
        return "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" + reason + "\"}]}\n\n";
    }

    public static Answer says(String... pieces) {
        return exchange -> {
            exchange.chunked();
            for (String piece : pieces) {
                exchange.chunk(text(piece));
            }
            exchange.chunk(finish("stop"))
                    .chunk("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":" + pieces.length
                            + "}}\n\n")
                    .chunk("data: [DONE]\n\n")
                    .raw("0\r\n\r\n");
        };
    }

    private static String quoted(String text) {
        var json = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }
}
