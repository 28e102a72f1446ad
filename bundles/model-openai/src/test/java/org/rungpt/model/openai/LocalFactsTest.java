package org.rungpt.model.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.rungpt.api.model.Inputs;
import org.rungpt.api.model.ModelInfo;

/** Servers on the loopback address that tell of their models as each program does. */
final class LocalFactsTest {
    /** Answers by path, or by path and the model that is asked about. */
    private final Map<String, String> answers = new ConcurrentHashMap<>();

    private HttpServer server;
    private BaseUrl base;

    @BeforeEach
    void start() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String asked = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            String about = asked.isEmpty()
                    ? ""
                    : " " + Json.MAPPER.readTree(asked).path("model").asText();
            String body = answers.get(exchange.getRequestURI().getPath() + about);
            byte[] bytes = (body == null ? "404 page not found" : body).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(body == null ? 404 : 200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
        base = BaseUrl.of("http://127.0.0.1:" + server.getAddress().getPort() + "/v1");
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    /** They answer, however slow the machine is. */
    private static LocalFacts facts(LocalServer server) {
        return new LocalFacts(server, new LocalHttp(Duration.ofMinutes(1), Duration.ofMinutes(1)));
    }

    private static ModelInfo listed(String id) {
        return new ModelInfo(id, id, null, null);
    }

    private Map<String, ModelInfo> of(LocalFacts facts, String... ids) throws Exception {
        var models = new LinkedHashMap<String, ModelInfo>();
        facts.of(base, List.of(ids).stream().map(LocalFactsTest::listed).toList())
                .forEach(model -> models.put(model.id(), model));
        return models;
    }

    @Test
    void ollamaSaysWhatAModelCanAndHowMuchItIsGiven() throws Exception {
        answers.put("/api/ps", "{\"models\":[{\"name\":\"loaded:latest\",\"context_length\":32768}]}");
        answers.put("/api/show loaded:latest", """
                {"capabilities":["completion","tools"],"model_info":{"general.architecture":"qwen3","qwen3.context_length":40960}}""");
        answers.put("/api/show sees:latest", """
                {"capabilities":["completion","vision"],"model_info":{"gemma3.context_length":131072}}""");
        answers.put("/api/show written:latest", """
                {"capabilities":["completion"],"parameters":"stop x\\nnum_ctx                        16384\\n",
                 "model_info":{"llama.context_length":131072}}""");
        answers.put("/api/show small:latest", """
                {"capabilities":["completion"],"model_info":{"llama.context_length":2048}}""");
        answers.put("/api/show far:cloud", """
                {"capabilities":["completion"],"remote_model":"far","model_info":{"far.context_length":262144}}""");
        answers.put("/api/show embed:latest", "{\"capabilities\":[\"embedding\"]}");
        var facts = facts(LocalServer.OLLAMA);

        Map<String, ModelInfo> models = of(
                facts,
                "loaded:latest",
                "sees:latest",
                "written:latest",
                "small:latest",
                "far:cloud",
                "embed:latest",
                "silent:latest");

        assertThat(models).doesNotContainKey("embed:latest");
        assertThat(models.values())
                .extracting(ModelInfo::contextTokens)
                .containsExactly(32768, 4096, 16384, 2048, 262144, 4096);
        assertThat(models.values())
                .extracting(info -> info.takes().images())
                .containsExactly(false, true, false, false, false, null);
        assertThat(facts.isProvisional()).isTrue();
        of(facts, "loaded:latest", "far:cloud");
        assertThat(facts.isProvisional()).isFalse();
    }

    @Test
    void lmStudioSaysWhatIsLoadedAndWhatSees() throws Exception {
        answers.put("/api/v0/models", """
                {"object":"list","data":[
                 {"id":"a","type":"llm","state":"loaded","max_context_length":131072,"loaded_context_length":8192},
                 {"id":"b","type":"vlm","state":"not-loaded","max_context_length":32768},
                 {"id":"c","type":"embeddings","max_context_length":512}]}""");
        var facts = facts(LocalServer.LM_STUDIO);

        Map<String, ModelInfo> models = of(facts, "a", "b", "c", "d");

        assertThat(models.values())
                .containsExactly(
                        new ModelInfo("a", "a", 8192, false), new ModelInfo("b", "b", 32768, true), listed("d"));
        assertThat(facts.isProvisional()).isTrue();
    }

    @Test
    void llamaCppSaysWhatItWasStartedWith() throws Exception {
        answers.put(
                "/props",
                "{\"default_generation_settings\":{\"n_ctx\":12288},\"modalities\":{\"vision\":true,\"audio\":false}}");
        var facts = facts(LocalServer.LLAMA_CPP);

        assertThat(of(facts, "model.gguf").values())
                .containsExactly(new ModelInfo("model.gguf", "model.gguf", 12288, new Inputs(true, null, false), null));
        assertThat(of(facts, "one", "two").values()).containsExactly(listed("one"), listed("two"));
    }

    @Test
    void whatAnOlderServerDoesNotSayIsNotKnown() throws Exception {
        assertThat(of(facts(LocalServer.LM_STUDIO), "a").values()).containsExactly(listed("a"));
        assertThat(of(facts(LocalServer.LLAMA_CPP), "a").values()).containsExactly(listed("a"));
    }

    @Test
    void vllmSaysItInItsList() throws Exception {
        String list = "{\"data\":[{\"id\":\"m\",\"owned_by\":\"vllm\",\"max_model_len\":4096}]}";

        assertThat(facts(LocalServer.VLLM).of(base, ModelList.read(base, list)))
                .containsExactly(new ModelInfo("m", "m", 4096, null));
    }

    @Test
    void aConnectionOffersWhatItsServerSaysUnlessItsUserSaysOtherwise() throws Exception {
        answers.put("/v1/models", "{\"data\":[{\"id\":\"m\"}]}");
        answers.put(
                "/api/show m",
                "{\"capabilities\":[\"completion\",\"vision\"],\"model_info\":{\"x.context_length\":8192}}");
        Duration patience = Duration.ofMinutes(1);
        var settings = new Settings(
                "ollama",
                "Ollama",
                base,
                Map.of(),
                "",
                patience,
                new OpenAiClient.Timeouts(patience, patience, patience),
                ModelFacts.NONE);
        try (var connection = new Connection(
                settings,
                new Keys(() -> null, name -> null),
                new Retry(Duration.ofSeconds(1), () -> 0),
                facts(LocalServer.OLLAMA))) {
            assertThat(connection.refresh().toCompletableFuture().get(1, TimeUnit.MINUTES))
                    .containsExactly(new ModelInfo("m", "m", 4096, true));
            connection.change(new Settings(
                    settings.name(),
                    settings.title(),
                    base,
                    Map.of(),
                    "",
                    patience,
                    settings.timeouts(),
                    ModelFacts.checked(List.of(), 64_000, null, Inputs.images(false), null)));
            assertThat(connection.models()).containsExactly(new ModelInfo("m", "m", 64_000, false));
        }
    }
}
