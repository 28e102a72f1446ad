package org.rungpt.model.openai;

import static org.rungpt.itests.model.FaultyServer.answer;
import static org.rungpt.itests.model.FaultyServer.says;
import static org.rungpt.itests.model.FaultyServer.text;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.itests.model.FaultyServer;
import org.rungpt.testkit.ModelConnectionContract;

final class ConnectionContractTest extends ModelConnectionContract {
    private FaultyServer server;
    private Connection connection;

    @BeforeEach
    void start() throws Exception {
        server = new FaultyServer().always(exchange -> {
            String body = exchange.request.body();
            if (exchange.request.line().startsWith("GET")) {
                answer(200, "{\"data\":[{\"id\":\"short\"},{\"id\":\"endless\"}]}")
                        .write(exchange);
            } else if (body.contains("\"endless\"")) {
                exchange.events().raw(text("on ").repeat(20));
                exchange.awaitClosed();
            } else if (body.contains("\"short\"")) {
                says("one ", "two ", "three").write(exchange);
            } else {
                answer(404, "{\"error\":{\"code\":\"model_not_found\",\"message\":\"no\"}}")
                        .write(exchange);
            }
        });
        connection = new Connection(
                new Settings(
                        "fake",
                        "Fake",
                        BaseUrl.of(server.url()),
                        Map.of(),
                        "",
                        Duration.ofSeconds(30),
                        new OpenAiClient.Timeouts(
                                Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofSeconds(60)),
                        ModelFacts.NONE),
                new Keys(() -> null, name -> null),
                new Retry(Duration.ofMillis(1), () -> 0.5));
    }

    @AfterEach
    void end() throws Exception {
        connection.close();
        server.close();
    }

    private static ModelRequest request(String model) {
        return new ModelRequest(model, List.of(ModelMessage.text(ModelMessage.Role.USER, "x")), List.of());
    }

    @Override
    protected ModelConnection connection() {
        return connection;
    }

    @Override
    protected ModelRequest answered() {
        return request("short");
    }

    @Override
    protected ModelRequest endless() {
        return request("endless");
    }

    @Override
    protected ModelRequest failing() {
        return request("none");
    }

    @Override
    protected void stop() {
        connection.close();
    }
}
