package org.rungpt.itests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server made from the release archive and run by its {@code rungpt} script, as a user does. */
final class RunGpt implements AutoCloseable {
    static final boolean SOAK = Boolean.getBoolean("rungpt.soak");
    private static final Pattern READY = Pattern.compile("(?m)^RunGPT is ready: (http://127\\.0\\.0\\.1:(\\d+))/\\S*$");
    static final Path INSTALLATION = unpack();

    /** How a command of the script ended. */
    record Ended(int exit, String out, String err) {}

    final Path data;
    private final Map<String, String> environment = new TreeMap<>();
    private final HttpClient http = HttpClient.newHttpClient();
    private String url = "";

    RunGpt(Path data) {
        this.data = data;
    }

    private static Path unpack() {
        try {
            Path target = Path.of("target", "release").toAbsolutePath();
            Path archive = Path.of(System.getProperty("rungpt.archive"));
            run(List.of("rm", "-rf", target.toString()), Map.of());
            Files.createDirectories(target);
            run(List.of("tar", "-xzf", archive.toString(), "-C", target.toString(), "--strip-components=1"), Map.of());
            return target;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException("the release archive cannot be unpacked", e);
        }
    }

    RunGpt with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    RunGpt start(String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("run", "--port", "0", "--detach", "--no-browser", "--yes"));
        command.addAll(List.of(options));
        Ended ended = script(command.toArray(String[]::new));
        Matcher ready = READY.matcher(ended.out());
        if (ended.exit() != 0 || !ready.find()) {
            throw new AssertionError("the server did not start: " + ended + "\n" + log());
        }
        url = ready.group(1);
        return this;
    }

    /** Runs {@code rungpt} with these arguments on this server's data directory. */
    Ended script(String... arguments) throws IOException, InterruptedException {
        return script(Path.of("/dev/null"), arguments);
    }

    /** The same with a file as its standard input. */
    Ended script(Path input, String... arguments) throws IOException, InterruptedException {
        // Whatever the user's umask is, nothing of ours may be open to others.
        List<String> command = new ArrayList<>(List.of("sh", "-c", "umask 000; exec \"$@\"", "sh"));
        int script = command.size();
        command.add(INSTALLATION.resolve("rungpt").toString());
        command.addAll(List.of(arguments));
        if (arguments.length > 0 && !arguments[0].startsWith("-")) {
            command.addAll(script + 2, List.of("--data", data.toString()));
        }
        return run(command, environment, input);
    }

    private static Ended run(List<String> command, Map<String, String> environment)
            throws IOException, InterruptedException {
        return run(command, environment, Path.of("/dev/null"));
    }

    private static Ended run(List<String> command, Map<String, String> environment, Path input)
            throws IOException, InterruptedException {
        Path err = Files.createTempFile("rungpt-test", ".err");
        Path out = Files.createTempFile("rungpt-test", ".out");
        try {
            // Files, not pipes: a server that is left running holds them open.
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectInput(input.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().keySet().removeIf(name -> name.startsWith("OPENAI_") || name.startsWith("RUNGPT_"));
            builder.environment().putAll(environment);
            Process process = builder.start();
            if (!process.waitFor(300, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(
                        command + " did not end within 300 s: " + Files.readString(out) + Files.readString(err));
            }
            return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
        } finally {
            Files.deleteIfExists(err);
            Files.deleteIfExists(out);
        }
    }

    String url() {
        return url;
    }

    String token() throws IOException {
        return Files.readString(data.resolve("secret/token")).trim();
    }

    long pid() throws IOException {
        return ModelServer.JSON
                .readTree(Files.readString(data.resolve("server.json")))
                .path("pid")
                .asLong();
    }

    /** Waits until the background of an installation's first start is done; later starts are the usual ones. */
    static void awaitClassArchive() throws IOException, InterruptedException {
        String cache = System.getenv().getOrDefault("XDG_CACHE_HOME", System.getProperty("user.home") + "/.cache");
        run(List.of("flock", cache + "/rungpt/lock", "true"), Map.of());
    }

    /** Kills the server as a crash does, and waits until it is gone. */
    void kill() throws IOException, InterruptedException {
        ProcessHandle process = ProcessHandle.of(pid()).orElseThrow();
        process.destroyForcibly();
        process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
    }

    HttpRequest.Builder request(String path) throws IOException {
        return HttpRequest.newBuilder(URI.create(url + path))
                .header("Authorization", "Bearer " + token())
                .header("X-RunGPT", "1")
                .timeout(Duration.ofSeconds(60));
    }

    JsonNode get(String path) throws IOException, InterruptedException {
        return answer(request(path).GET().build());
    }

    JsonNode post(String path, ObjectNode body) throws IOException, InterruptedException {
        return answer(request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                .build());
    }

    JsonNode put(String path, ObjectNode body) throws IOException, InterruptedException {
        return answer(request(path)
                .header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofString(body.toString()))
                .build());
    }

    void delete(String path) throws IOException, InterruptedException {
        answer(request(path).DELETE().build());
    }

    private JsonNode answer(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() >= 300) {
            throw new AssertionError(request.method() + " " + request.uri() + " was answered " + response.statusCode()
                    + ": " + response.body());
        }
        return response.body().isEmpty()
                ? ModelServer.JSON.createObjectNode()
                : ModelServer.JSON.readTree(response.body());
    }

    String conversation() throws IOException, InterruptedException {
        return post("/api/conversations", ModelServer.JSON.createObjectNode())
                .path("id")
                .asText();
    }

    String say(String conversation, String text) throws IOException, InterruptedException {
        return post(
                        "/api/conversations/" + conversation + "/messages",
                        ModelServer.JSON.createObjectNode().put("text", text))
                .path("message")
                .asText();
    }

    /** Says something with an id of the client's own: repeated, it is the same message. */
    void say(String conversation, String text, String id) throws IOException, InterruptedException {
        post(
                "/api/conversations/" + conversation + "/messages",
                ModelServer.JSON.createObjectNode().put("text", text).put("id", id));
    }

    /** Reads the event stream until an event fits, and gives the stored events up to it. */
    List<JsonNode> eventsUntil(String conversation, long after, Predicate<JsonNode> last)
            throws IOException, InterruptedException {
        List<JsonNode> events = new ArrayList<>();
        HttpRequest request = request("/api/conversations/" + conversation + "/events?after=" + after)
                .header("Accept", "text/event-stream")
                .build();
        HttpResponse<InputStream> response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("data: ")) {
                    JsonNode event = ModelServer.JSON.readTree(line.substring(6));
                    if (event.has("seq")) {
                        events.add(event);
                    }
                    if (last.test(event)) {
                        return events;
                    }
                }
            }
        }
        throw new AssertionError("the stream ended before the expected event; the last events: "
                + events.subList(Math.max(0, events.size() - 5), events.size()));
    }

    static Predicate<JsonNode> type(String type) {
        return event -> event.path("type").asText().equals(type);
    }

    /** The answer's text that the log holds, all messages together. */
    static String answerText(List<JsonNode> events) {
        StringBuilder text = new StringBuilder();
        for (JsonNode event : events) {
            if (event.path("type").asText().equals("message.text")
                    && event.at("/data/channel").asText().equals("answer")) {
                text.append(event.at("/data/text").asText());
            }
        }
        return text.toString();
    }

    String log() throws IOException {
        Path log = data.resolve("logs/rungpt.log");
        return Files.exists(log) ? Files.readString(log) : "(no log)";
    }

    @Override
    public void close() throws IOException, InterruptedException {
        script("stop");
    }
}
