package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys on a whole server: where they must not be, what a damaged store of them does, and how one is changed. */
class KeysTest {
    private static final String BY_FILE = canary("file");
    private static final String BY_ENVIRONMENT = canary("envi");
    private static final String BY_API = canary("apis");
    private static final String BY_INPUT = canary("stdi");

    /** Shows all that a program in the sandbox can see of keys. */
    private static final String LOOK =
            "env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; ls -R / 2>/dev/null | wc -l";

    @TempDir
    Path directory;

    /** Another one each time: what is found is of this run. */
    private static String canary(String origin) {
        return "sk-canary-" + origin + "-" + UUID.randomUUID().toString().replace("-", "");
    }

    private static void save(RunGpt rungpt, String name, String baseUrl, String key)
            throws IOException, InterruptedException {
        rungpt.put(
                "/api/connections/" + name,
                ModelServer.JSON
                        .createObjectNode()
                        .put("kind", "openai")
                        .put("baseUrl", baseUrl)
                        .put("key", key));
    }

    private static String talk(RunGpt rungpt, String model) throws IOException, InterruptedException {
        String id = rungpt.post(
                        "/api/conversations",
                        ModelServer.JSON.createObjectNode().put("model", model))
                .path("id")
                .asText();
        rungpt.say(id, "Hello.");
        rungpt.eventsUntil(id, 0, RunGpt.type("turn.finished"));
        return id;
    }

    @Test
    @DisplayName(
            "E.55 E.56 E.57 E.62 a key is in no file, answer, command line or thread dump, also when a call has run: from a file, the page and standard input")
    void aKeyFromAFileIsNowhere() throws Exception {
        Path file = Files.writeString(directory.resolve("key"), BY_FILE + "\n");
        nowhere("OPENAI_API_KEY_FILE", file.toString(), BY_FILE);
    }

    @Test
    @DisplayName(
            "E.55 E.56 E.57 E.62 a key is in no file, answer, command line or thread dump, also when a call has run: from the environment, the page and standard input")
    void aKeyFromTheEnvironmentIsNowhere() throws Exception {
        nowhere("OPENAI_API_KEY", BY_ENVIRONMENT, BY_ENVIRONMENT);
    }

    private void nowhere(String variable, String value, String given) throws Exception {
        var traces = new Traces(given, BY_API, BY_INPUT);
        Path input = Files.writeString(directory.resolve("input"), BY_INPUT + "\n");
        Path home = Files.createDirectories(directory.resolve("home"));
        Instant begun = Files.getLastModifiedTime(home).toInstant();
        try (ModelServer model = new ModelServer((request, answer) -> {
                    if (request.last().equals("Hello.")) {
                        answer.text(request.call("look", "system.shell", "command", LOOK));
                    } else {
                        answer.text("Fine.");
                    }
                });
                RunGpt rungpt = new RunGpt(home.resolve("data")).with("OPENAI_BASE_URL", model.url())) {
            rungpt.with(variable, value).start("--model", "openai/scripted");
            save(rungpt, "pasted", model.url(), BY_API);
            save(rungpt, "typed", model.url(), "");
            RunGpt.Ended set = rungpt.script(input, "shell", "rungpt:key typed");
            assertThat(set.exit()).as(set.toString()).isZero();
            String conversation = "";
            for (String connection : List.of("openai", "pasted", "typed")) {
                conversation = talk(rungpt, connection + "/scripted");
            }
            List<JsonNode> events = rungpt.eventsUntil(conversation, 0, RunGpt.type("turn.finished"));
            JsonNode call = events.stream()
                    .filter(RunGpt.type("call.finished"))
                    .findFirst()
                    .orElseThrow()
                    .path("data");
            assertThat(call.path("status").asText()).as(call.toString()).isEqualTo("completed");
            List<String> used = new ArrayList<>();
            for (ModelServer.Request request = model.requests.poll();
                    request != null;
                    request = model.requests.poll()) {
                used.add(request.authorization());
            }
            assertThat(used).contains("Bearer " + given, "Bearer " + BY_API, "Bearer " + BY_INPUT);

            StringBuilder said = new StringBuilder(set.toString());
            for (String command :
                    List.of("config:list", "rungpt:status", "rungpt:models", "rungpt:key nowhere", "history")) {
                said.append(rungpt.script("shell", command));
            }
            said.append(rungpt.script("shell", "rungpt:backup " + home.resolve("copy")));
            said.append(rungpt.script("status")).append(rungpt.script("doctor"));
            said.append(threads(rungpt.pid()));
            assertThat(said.toString()).contains("rungpt-store-writer", "Copied to");
            for (String answer : answers(rungpt, conversation)) {
                said.append(answer).append('\n');
            }
            assertThat(traces.in(said.toString())).isFalse();
            assertThat(traces.under(home)).isEmpty();
            assertThat(traces.changedSince(begun, Path.of(System.getProperty("java.io.tmpdir")), directory))
                    .isEmpty();
            assertThat(traces.changedSince(begun, RunGpt.INSTALLATION)).isEmpty();
            assertThat(traces.inCommandLines()).isEmpty();

            // It would be found.
            Path planted = rungpt.data.resolve("logs/planted");
            Files.writeString(
                    planted,
                    "x" + Base64.getEncoder().encodeToString(("k=" + BY_API + "&").getBytes(StandardCharsets.UTF_8)));
            assertThat(traces.under(home)).containsExactly(planted);
            Files.delete(planted);
            Path elsewhere = Files.createTempFile("planted", "");
            try {
                Files.writeString(elsewhere, BY_API);
                assertThat(traces.changedSince(begun, elsewhere.getParent(), directory))
                        .containsExactly(elsewhere);
            } finally {
                Files.delete(elsewhere);
            }

            exportsHoldNothingOfTheHost(rungpt, conversation);
            assertThat(Traces.openToOthers(rungpt.data)).isEmpty();
            assertThat(Traces.openToOthers(home.resolve("copy"))).isEmpty();
            rungpt.script("stop");
            RunGpt.Ended restored =
                    rungpt.script("restore", home.resolve("copy").toString());
            assertThat(restored.exit()).as(restored.toString()).isZero();
            assertThat(Traces.openToOthers(rungpt.data)).isEmpty();
            assertThat(traces.under(home)).isEmpty();
        }
    }

    /** What every route that only reads says. */
    private static List<String> answers(RunGpt rungpt, String conversation) throws IOException, InterruptedException {
        HttpClient http = HttpClient.newHttpClient();
        String description = http.send(
                        rungpt.request("/api/openapi.yaml").build(), HttpResponse.BodyHandlers.ofString())
                .body();
        List<String> answers = new ArrayList<>();
        var walked = new TreeSet<String>();
        Matcher routes = Pattern.compile("(?m)^  (/\\S+):\n((?:    .*\n|\n)*)").matcher(description);
        while (routes.find()) {
            String path = routes.group(1);
            if (!routes.group(2).contains("    get:\n") || path.equals("/api/events")) {
                continue; // the latter never ends
            }
            for (String connection : List.of("openai", "pasted", "typed")) {
                String url = path.replace("{id}", conversation)
                        .replace("{name}", connection)
                        .replaceAll("\\{\\w+}", "none");
                String query = path.endsWith("/search") ? "?q=fine" : path.endsWith("/probe") ? "?model=scripted" : "";
                if (walked.add(url)) {
                    HttpRequest request = rungpt.request(url + query).build();
                    answers.add(http.send(request, HttpResponse.BodyHandlers.ofString())
                            .body());
                }
            }
        }
        assertThat(walked).hasSizeGreaterThan(15);
        return answers;
    }

    private static void exportsHoldNothingOfTheHost(RunGpt rungpt, String conversation) throws Exception {
        byte[] master = Files.readAllBytes(rungpt.data.resolve("secret/master.key"));
        var traces = new Traces(
                rungpt.token(), rungpt.data.toString(), new String(master, StandardCharsets.ISO_8859_1).strip());
        for (String format : List.of("json", "markdown", "html")) {
            String exported = HttpClient.newHttpClient()
                    .send(
                            rungpt.request("/api/conversations/" + conversation + "/export?format=" + format)
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
            assertThat(exported).contains("Hello.", "Fine.");
            assertThat(traces.in(exported)).as(format).isFalse();
        }
    }

    private static String threads(long pid) throws IOException, InterruptedException {
        String java = ProcessHandle.of(pid).orElseThrow().info().command().orElseThrow();
        Process jcmd = new ProcessBuilder(
                        Path.of(java).resolveSibling("jcmd").toString(), String.valueOf(pid), "Thread.print")
                .redirectErrorStream(true)
                .start();
        String said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(jcmd.waitFor()).as(said).isZero();
        return said;
    }

    /** Does something to the files that hold the keys. */
    private interface Damage {
        void to(Path secrets, Path master) throws IOException;
    }

    /** What may happen to them while the server is away. */
    private static Map<String, Damage> damages() {
        var damages = new LinkedHashMap<String, Damage>();
        damages.put("a letter is another one", (secrets, master) -> {
            String sealed = Files.readString(secrets);
            String value = ModelServer.JSON
                    .readTree(sealed)
                    .path("secrets")
                    .path("connection/pasted/key")
                    .path("value")
                    .asText();
            Files.writeString(secrets, sealed.replace(value, flipped(value)));
        });
        damages.put(
                "half of it is gone",
                (secrets, master) -> Files.write(
                        secrets, Arrays.copyOf(Files.readAllBytes(secrets), (int) Files.size(secrets) / 2)));
        damages.put("two keys have changed their nonces", (secrets, master) -> {
            JsonNode kept = ModelServer.JSON.readTree(Files.readString(secrets));
            ObjectNode one = (ObjectNode) kept.path("secrets").path("connection/pasted/key");
            ObjectNode other = (ObjectNode) kept.path("secrets").path("connection/other/key");
            String nonce = one.path("nonce").asText();
            assertThat(nonce).isNotEmpty().isNotEqualTo(other.path("nonce").asText());
            one.put("nonce", other.path("nonce").asText());
            other.put("nonce", nonce);
            Files.writeString(secrets, kept.toPrettyString());
        });
        damages.put("the master key is another installation's", (secrets, master) -> {
            byte[] other = new byte[32];
            new SecureRandom().nextBytes(other);
            Files.write(master, Base64.getEncoder().encode(other));
        });
        damages.put("the master key cannot be read", (secrets, master) -> {
            Files.delete(master);
            Files.createDirectory(master);
        });
        damages.put("the master key is gone", (secrets, master) -> Files.delete(master));
        return damages;
    }

    @Test
    @DisplayName(
            "E.58 with a damaged store of keys the server starts, says so, sends no garbage and takes the key anew")
    void aDamagedStoreOfKeysIsToldAndHealed() throws Exception {
        try (ModelServer model = new ModelServer((request, answer) -> answer.text("Fine."));
                RunGpt rungpt = new RunGpt(directory.resolve("data"))) {
            rungpt.start();
            for (Map.Entry<String, Damage> damage : damages().entrySet()) {
                String what = damage.getKey();
                save(rungpt, "pasted", model.url(), BY_API);
                save(rungpt, "other", model.url(), BY_INPUT);
                talk(rungpt, "pasted/scripted");
                assertThat(model.nextRequest().authorization()).as(what).isEqualTo("Bearer " + BY_API);
                rungpt.script("stop");
                model.requests.clear();
                Path secret = rungpt.data.resolve("secret");
                damage.getValue().to(secret.resolve("secrets.json"), secret.resolve("master.key"));

                rungpt.start();
                String id = rungpt.post(
                                "/api/conversations",
                                ModelServer.JSON.createObjectNode().put("model", "pasted/scripted"))
                        .path("id")
                        .asText();
                rungpt.say(id, "Hello.");
                List<JsonNode> events = rungpt.eventsUntil(id, 0, RunGpt.type("turn.finished"));
                JsonNode end = events.get(events.size() - 1).path("data");
                assertThat(end.path("reason").asText()).as(what).isEqualTo("error");
                assertThat(events.toString()).as(what).containsPattern("secrets\\.json|master\\.key");
                assertThat(rungpt.script("status").out()).as(what).contains("Enter the keys anew");
                assertThat(model.requests).as(what).isEmpty();
            }
            save(rungpt, "pasted", model.url(), BY_API);
            talk(rungpt, "pasted/scripted");
            assertThat(model.nextRequest().authorization()).isEqualTo("Bearer " + BY_API);
        }
    }

    @Test
    @DisplayName("E.55 E.58 a key file that others may read or write is the owner's alone again, and the key is used")
    void aKeyFileThatIsOpenToOthersIsClosed() throws Exception {
        try (ModelServer model = new ModelServer((request, answer) -> answer.text("Fine."));
                RunGpt rungpt = new RunGpt(directory.resolve("data"))) {
            rungpt.start();
            save(rungpt, "pasted", model.url(), BY_API);
            rungpt.script("stop");
            Path secret = rungpt.data.resolve("secret");
            Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rwxrwxrwx"));
            for (String name : List.of("secrets.json", "master.key")) {
                Files.setPosixFilePermissions(secret.resolve(name), PosixFilePermissions.fromString("rw-rw-rw-"));
            }
            rungpt.start();
            talk(rungpt, "pasted/scripted");
            assertThat(model.nextRequest().authorization()).isEqualTo("Bearer " + BY_API);
            assertThat(Traces.openToOthers(secret)).isEmpty();
        }
    }

    private static String flipped(String text) {
        int at = text.length() / 2;
        return text.substring(0, at) + (text.charAt(at) == 'A' ? 'B' : 'A') + text.substring(at + 1);
    }

    @Test
    @DisplayName("E.59 a key that is changed while twenty chats run is used from then on, and the old one is gone")
    void aKeyIsChangedWhileChatsRun() throws Exception {
        CountDownLatch changed = new CountDownLatch(1);
        try (ModelServer model = new ModelServer((request, answer) -> {
                    answer.text("Wait. ");
                    changed.await(60, TimeUnit.SECONDS);
                    answer.text("Fine.");
                });
                RunGpt rungpt = new RunGpt(directory.resolve("data"))) {
            rungpt.start();
            save(rungpt, "pasted", model.url(), BY_API);
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String id = rungpt.post(
                                "/api/conversations",
                                ModelServer.JSON.createObjectNode().put("model", "pasted/scripted"))
                        .path("id")
                        .asText();
                rungpt.say(id, "Hello.");
                ids.add(id);
            }
            for (int i = 0; i < 20; i++) {
                assertThat(model.nextRequest().authorization()).isEqualTo("Bearer " + BY_API);
            }
            String before = Files.readString(rungpt.data.resolve("secret/secrets.json"));
            save(rungpt, "pasted", model.url(), BY_INPUT);
            changed.countDown();
            for (String id : ids) {
                List<JsonNode> events = rungpt.eventsUntil(id, 0, RunGpt.type("turn.finished"));
                assertThat(RunGpt.answerText(events)).isEqualTo("Wait. Fine.");
            }
            talk(rungpt, "pasted/scripted");
            assertThat(model.nextRequest().authorization()).isEqualTo("Bearer " + BY_INPUT);
            String after = Files.readString(rungpt.data.resolve("secret/secrets.json"));
            Matcher words = Pattern.compile("[A-Za-z0-9+/=]{40,}").matcher(before);
            assertThat(words.results().map(word -> word.group()).filter(after::contains))
                    .isEmpty();

            HttpClient.newHttpClient()
                    .send(
                            rungpt.request("/api/connections/pasted/key")
                                    .DELETE()
                                    .build(),
                            HttpResponse.BodyHandlers.discarding());
            String id = rungpt.post(
                            "/api/conversations",
                            ModelServer.JSON.createObjectNode().put("model", "pasted/scripted"))
                    .path("id")
                    .asText();
            rungpt.say(id, "Hello.");
            rungpt.eventsUntil(id, 0, RunGpt.type("turn.finished"));
            assertThat(model.requests.stream().map(ModelServer.Request::authorization))
                    .allMatch(authorization -> !authorization.contains("canary"));
        }
    }
}
