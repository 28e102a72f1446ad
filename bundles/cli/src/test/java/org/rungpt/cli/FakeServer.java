package org.rungpt.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Stands for a data directory's server: it answers each path as it was told, and notes what it was asked. */
final class FakeServer implements AutoCloseable {
    private final HttpServer http;
    private final Path data;
    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private final List<String> asked = new ArrayList<>();

    FakeServer(Path data) throws IOException {
        this.data = data;
        http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.createContext("/", this::answer);
        http.start();
        Files.createDirectories(data.resolve("secret"));
        Files.writeString(data.resolve("secret/token"), "token");
        isAt(http.getAddress().getPort());
    }

    /** What the data directory says of its server's port. */
    void isAt(int port) throws IOException {
        JsonNode server = Server.JSON
                .createObjectNode()
                .put("pid", ProcessHandle.current().pid())
                .put("port", port);
        Files.writeString(data.resolve("server.json"), server.toString());
    }

    FakeServer answers(String path, String body) {
        answers.put(path, body);
        return this;
    }

    private synchronized void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().toString();
        String said = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        asked.add(exchange.getRequestMethod() + " " + path + (said.isEmpty() ? "" : " " + said));
        byte[] body = answers.getOrDefault(path, "{}").getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(answers.containsKey(path) ? 200 : 404, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    synchronized List<String> asked() {
        return List.copyOf(asked);
    }

    Server server() throws CliException {
        return Server.of(data);
    }

    @Override
    public void close() {
        http.stop(0);
    }
}
