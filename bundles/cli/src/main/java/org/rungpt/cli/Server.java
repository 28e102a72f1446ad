package org.rungpt.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;

/** The running server of a data directory, spoken to over its HTTP API. */
final class Server {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final String url;
    private final String token;

    private Server(String url, String token) {
        this.url = url;
        this.token = token;
    }

    /** Finds the server that runs on this data directory. */
    static Server of(Path data) throws CliException {
        try {
            JsonNode server = JSON.readTree(Files.readString(data.resolve("server.json")));
            long pid = server.path("pid").asLong(-1);
            if (ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty()) {
                throw notRunning(data);
            }
            String token =
                    Files.readString(data.resolve("secret").resolve("token")).strip();
            return new Server("http://127.0.0.1:" + server.path("port").asInt(), token);
        } catch (NoSuchFileException e) {
            throw notRunning(data);
        } catch (IOException e) {
            throw CliException.failed(data + " cannot be read: " + e.getMessage());
        }
    }

    static CliException notRunning(Path data) {
        return CliException.notRunning("No server is running on " + data + "; start one with: rungpt run");
    }

    String url() {
        return url;
    }

    JsonNode get(String path) throws CliException {
        return answer(request(path).GET().build());
    }

    JsonNode post(String path, ObjectNode body) throws CliException {
        return answer(request(path)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body.toString()))
                .build());
    }

    JsonNode patch(String path, ObjectNode body) throws CliException {
        return answer(request(path)
                .header("Content-Type", "application/json")
                .method("PATCH", BodyPublishers.ofString(body.toString()))
                .build());
    }

    JsonNode post(String path) throws CliException {
        return answer(request(path).POST(BodyPublishers.noBody()).build());
    }

    /** The server-sent events of a path, as they come. */
    InputStream stream(String path, long lastEventId) throws CliException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + path))
                .header("Authorization", "Bearer " + token)
                .header("Accept", "text/event-stream")
                .header("Last-Event-ID", Long.toString(lastEventId))
                .build();
        try {
            HttpResponse<InputStream> response = http.send(request, BodyHandlers.ofInputStream());
            if (response.statusCode() != 200) {
                try (InputStream body = response.body()) {
                    throw refused(response.statusCode(), new String(body.readAllBytes(), StandardCharsets.UTF_8));
                }
            }
            return response.body();
        } catch (IOException e) {
            throw CliException.failed("The server does not answer: " + e.getMessage());
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url + path))
                .header("Authorization", "Bearer " + token)
                .header("X-RunGPT", "1")
                .timeout(PATIENCE);
    }

    private JsonNode answer(HttpRequest request) throws CliException {
        try {
            HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
            if (response.statusCode() >= 300) {
                throw refused(response.statusCode(), response.body());
            }
            return response.body().isEmpty() ? JSON.createObjectNode() : JSON.readTree(response.body());
        } catch (IOException e) {
            throw CliException.failed("The server does not answer: " + e.getMessage());
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private static CliException interrupted() {
        Thread.currentThread().interrupt();
        return CliException.failed("Interrupted.");
    }

    private static CliException refused(int status, String body) {
        try {
            JsonNode error = JSON.readTree(body).path("error");
            if (error.has("message")) {
                String remedy = error.path("remedy").asText("");
                return CliException.refused(
                        status, error.path("message").asText() + (remedy.isEmpty() ? "" : " " + remedy));
            }
        } catch (JsonProcessingException e) {
            // not one of the API's own errors
        }
        return CliException.refused(status, "The server answered " + status + ".");
    }
}
