package org.rungpt.itests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys on a whole server: where they must not be, what a damaged store of them does, and how one is changed. */
class KeysTest {
    private static final String BY_FILE = "sk-canary-file-7Hq2Wz9Lm4Xc";
    private static final String BY_ENVIRONMENT = "sk-canary-envi-3Kd8Rt5Vb1Yn";
    private static final String BY_API = "sk-canary-apis-6Jf4Gp0Sx2Ue";
    private static final String BY_INPUT = "sk-canary-stdi-9Mw1Ah7Cq5Zo";

    @TempDir
    Path directory;

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
            "E.55 E.56 E.57 E.62 a key is in no file, answer, command line or thread dump: from a file, the page and standard input")
    void aKeyFromAFileIsNowhere() throws Exception {
        Path file = Files.writeString(directory.resolve("key"), BY_FILE + "\n");
        nowhere("OPENAI_API_KEY_FILE", file.toString(), BY_FILE);
    }

    @Test
    @DisplayName(
            "E.55 E.56 E.57 E.62 a key is in no file, answer, command line or thread dump: from the environment, the page and standard input")
    void aKeyFromTheEnvironmentIsNowhere() throws Exception {
        nowhere("OPENAI_API_KEY", BY_ENVIRONMENT, BY_ENVIRONMENT);
    }

    private void nowhere(String variable, String value, String given) throws Exception {
        var traces = new Traces(given, BY_API, BY_INPUT);
        Path input = Files.writeString(directory.resolve("input"), BY_INPUT + "\n");
        Path home = Files.createDirectories(directory.resolve("home"));
        try (ModelServer model = new ModelServer((request, answer) -> answer.text("Fine."));
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
            assertThat(traces.inCommandLines()).isEmpty();

            // It would be found.
            Path planted = rungpt.data.resolve("logs/planted");
            Files.writeString(
                    planted,
                    "x" + Base64.getEncoder().encodeToString(("k=" + BY_API + "&").getBytes(StandardCharsets.UTF_8)));
            assertThat(traces.under(home)).containsExactly(planted);
            Files.delete(planted);

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

    @Test
    @DisplayName(
            "E.58 with a damaged store of keys the server starts, says so, sends no garbage and takes the key anew")
    void aDamagedStoreOfKeysIsToldAndHealed() throws Exception {
        try (ModelServer model = new ModelServer((request, answer) -> answer.text("Fine."));
                RunGpt rungpt = new RunGpt(directory.resolve("data"))) {
            rungpt.start();
            save(rungpt, "pasted", model.url(), BY_API);
            talk(rungpt, "pasted/scripted");
            rungpt.script("stop");
            model.requests.clear();
            Path secrets = rungpt.data.resolve("secret/secrets.json");
            String sealed = Files.readString(secrets);
            for (String damaged : List.of(flipped(sealed), sealed.substring(0, sealed.length() / 2))) {
                Files.writeString(secrets, damaged);
                rungpt.start();
                String id = rungpt.post(
                                "/api/conversations",
                                ModelServer.JSON.createObjectNode().put("model", "pasted/scripted"))
                        .path("id")
                        .asText();
                rungpt.say(id, "Hello.");
                List<JsonNode> events = rungpt.eventsUntil(id, 0, RunGpt.type("turn.finished"));
                assertThat(events.get(events.size() - 1).at("/data/reason").asText())
                        .isEqualTo("error");
                assertThat(events.toString()).contains("key");
                assertThat(model.requests).isEmpty();

                save(rungpt, "pasted", model.url(), BY_API);
                talk(rungpt, "pasted/scripted");
                assertThat(model.nextRequest().authorization()).isEqualTo("Bearer " + BY_API);
                model.requests.clear();
                rungpt.script("stop");
            }
        }
    }

    /** Changes one letter of the longest word, which is what is sealed. */
    private static String flipped(String json) {
        Matcher words = Pattern.compile("[A-Za-z0-9+/=]{20,}").matcher(json);
        int at = -1;
        int longest = 0;
        while (words.find()) {
            if (words.end() - words.start() > longest) {
                longest = words.end() - words.start();
                at = words.start() + longest / 2;
            }
        }
        return json.substring(0, at) + (json.charAt(at) == 'A' ? 'B' : 'A') + json.substring(at + 1);
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
