package org.rungpt.model.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.rungpt.itests.model.FaultyServer.answer;
import static org.rungpt.itests.model.FaultyServer.says;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.itests.model.FaultyServer;

final class ConnectionTest {
    private static final ModelRequest REQUEST =
            new ModelRequest("m", List.of(ModelMessage.text(ModelMessage.Role.USER, "x")), List.of());
    private static final String LIST = "{\"data\":[{\"id\":\"m\"}]}";

    private final MemorySecrets secrets = new MemorySecrets();
    private final Map<String, String> environment = new HashMap<>();
    private FaultyServer server;
    private Connection connection;

    @BeforeEach
    void start() throws Exception {
        server = new FaultyServer();
    }

    @AfterEach
    void stop() throws Exception {
        connection.close();
        server.close();
    }

    private Settings settings(String url) {
        return new Settings(
                "openai",
                "OpenAI",
                BaseUrl.of(url),
                Map.of(),
                "",
                Duration.ofSeconds(30),
                new OpenAiClient.Timeouts(Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofSeconds(60)),
                ModelFacts.NONE);
    }

    private Connection connect(String url) {
        connection = new Connection(
                settings(url), new Keys(() -> secrets, environment::get), new Retry(Duration.ofMillis(1), () -> 0.5));
        return connection;
    }

    private List<ModelInfo> refreshed() throws Exception {
        return connection.refresh().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private ModelException refused() throws Exception {
        try {
            refreshed();
        } catch (ExecutionException e) {
            return (ModelException) e.getCause();
        }
        throw new AssertionError("it was not refused");
    }

    @Test
    void withoutAKeyOpenAiIsUnreadyWithARemedyAndIsNotAsked() throws Exception {
        connect(BaseUrl.OPENAI);

        assertThat(refused().kind()).isEqualTo(ModelException.Kind.AUTHENTICATION);
        assertThat(connection.readiness().ready()).isFalse();
        assertThat(connection.readiness().remedy()).isEqualTo("Paste a key in Settings or set OPENAI_API_KEY.");
        var heard = new Heard();
        connection.stream(REQUEST, heard);
        assertThat(heard.error().remedy()).contains("Paste a key");
    }

    @Test
    void otherServersNeedNoKey() throws Exception {
        server.always(answer(200, LIST));
        connect(server.url());

        assertThat(refreshed()).extracting(ModelInfo::id).containsExactly("m");
        assertThat(connection.models()).extracting(ModelInfo::id).containsExactly("m");
        assertThat(connection.readiness().ready()).isTrue();
        assertThat(connection.readiness().reason()).contains(server.url(), "1 model");
        assertThat(server.requests.get(0).headers()).doesNotContainKey("authorization");
    }

    @Test
    @DisplayName("E.59 a new key is used from the next request on while an answer streams")
    void aNewKeyIsUsedFromTheNextRequestOnWhileAnAnswerStreams() throws Exception {
        var finish = new CountDownLatch(1);
        secrets.put("connection/openai/key", "old-key-0001");
        connect(server.url());
        server.then(exchange -> {
            exchange.events().raw(FaultyServer.text("a"));
            finish.await();
            exchange.raw(FaultyServer.finish("stop") + "data: [DONE]\n\n").end();
        });
        var first = new Heard();
        connection.stream(REQUEST, first);
        first.awaitFirst();
        secrets.put("connection/openai/key", "new-key-0002");
        server.always(exchange ->
                (exchange.request.line().startsWith("GET") ? answer(200, LIST) : says("b")).write(exchange));
        connection.change(settings(server.url()));
        var second = new Heard();
        connection.stream(REQUEST, second);

        assertThat(second.finish()).isEqualTo(FinishReason.STOP);
        finish.countDown();
        assertThat(first.finish()).isEqualTo(FinishReason.STOP);
        assertThat(server.requests)
                .filteredOn(request -> request.line().startsWith("POST"))
                .extracting(request -> request.headers().get("authorization"))
                .containsExactly("Bearer old-key-0001", "Bearer new-key-0002");
    }

    @Test
    void aRefusedKeyMakesItUnreadyUntilThereIsAnother() throws Exception {
        secrets.put("connection/openai/key", "bad-key-00001");
        server.always(exchange -> answer(
                        exchange.request.headers().get("authorization").contains("bad") ? 401 : 200, LIST)
                .write(exchange));
        connect(server.url());

        assertThat(refused().kind()).isEqualTo(ModelException.Kind.AUTHENTICATION);
        assertThat(connection.readiness().ready()).isFalse();
        assertThat(connection.readiness().reason()).doesNotContain("bad-key");

        secrets.put("connection/openai/key", "good-key-0001");
        connection.keyMayHaveChanged();
        refreshed();
        assertThat(connection.readiness().ready()).isTrue();
    }

    @Test
    void aServerThatIsAwayMakesItUnready() throws Exception {
        connect("http://127.0.0.1:1/v1");

        assertThat(refused().kind()).isEqualTo(ModelException.Kind.UNREACHABLE);
        assertThat(connection.readiness().ready()).isFalse();
        assertThat(connection.readiness().remedy()).contains("Is the server running?");
    }

    @Test
    void anAnswerShowsThatTheServerIsBack() throws Exception {
        server.then(answer(401, "{}")).then(says("x"));
        connect(server.url());
        refused();
        var heard = new Heard();
        connection.stream(REQUEST, heard);
        heard.finish();

        assertThat(connection.readiness().ready()).isTrue();
    }

    @Test
    void aWrongBaseUrlIsTold() throws Exception {
        server.always(answer(404, "not found"));
        connect(server.url());

        assertThat(refused()).hasMessageContaining("There is no such address");
        assertThat(connection.readiness().remedy()).contains("/v1");
    }

    @Test
    void readinessIsToldAtOnce() {
        server.always(FaultyServer.Exchange::awaitClosed);
        connect(server.url());

        assertThat(connection.readiness()).isNotNull();
        assertThat(connection.models())
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .isEmpty();
    }
}
