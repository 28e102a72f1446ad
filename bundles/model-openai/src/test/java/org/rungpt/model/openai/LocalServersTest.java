package org.rungpt.model.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Servers on the loopback address that answer as each program does. */
final class LocalServersTest {
    private static final Map<LocalServer, Map<String, String>> ANSWERS = Map.of(
            LocalServer.OLLAMA,
            Map.of(
                    "/api/version",
                    "{\"version\":\"0.5.7\"}",
                    "/v1/models",
                    "{\"object\":\"list\",\"data\":[{\"id\":\"llama3.2:latest\",\"object\":\"model\",\"created\":1,\"owned_by\":\"library\"}]}"),
            LocalServer.LLAMA_CPP,
            Map.of(
                    "/v1/models",
                    "{\"object\":\"list\",\"data\":[{\"id\":\"model.gguf\",\"object\":\"model\",\"owned_by\":\"llamacpp\",\"meta\":{\"n_ctx_train\":8192}}]}"),
            LocalServer.LM_STUDIO,
            Map.of(
                    "/v1/models",
                    "{\"object\":\"list\",\"data\":[{\"id\":\"qwen2.5\",\"object\":\"model\",\"owned_by\":\"organization_owner\"}]}"),
            LocalServer.VLLM,
            Map.of(
                    "/v1/models",
                    "{\"object\":\"list\",\"data\":[{\"id\":\"meta-llama/x\",\"object\":\"model\",\"owned_by\":\"vllm\",\"max_model_len\":4096}]}"));

    private final List<HttpServer> running = new ArrayList<>();

    private int start(Map<String, String> answers) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String body = answers.get(exchange.getRequestURI().getPath());
            byte[] bytes = (body == null ? "not found" : body).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(body == null ? 404 : 200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
        running.add(server);
        return server.getAddress().getPort();
    }

    @AfterEach
    void stop() {
        running.forEach(server -> server.stop(0));
    }

    @ParameterizedTest
    @EnumSource(LocalServer.class)
    void findsAServerThatIsThereAndNoLongerWhenItIsGone(LocalServer server) throws Exception {
        int port = start(ANSWERS.get(server));
        // It answers, however slow the machine is.
        var servers = new LocalServers(
                each -> each == server ? port : 0, new LocalHttp(Duration.ofMinutes(1), Duration.ofMinutes(1)));

        assertThat(servers.look(Set.of()))
                .containsOnlyKeys(server)
                .allSatisfy((each, base) -> assertThat(base.toString()).isEqualTo("http://127.0.0.1:" + port + "/v1"));
        assertThat(ModelList.read(
                        servers.look(Set.of()).get(server), ANSWERS.get(server).get("/v1/models")))
                .hasSize(1);

        running.get(0).stop(0);
        assertThat(servers.look(Set.of())).isEmpty();
    }

    @Test
    void aKnownServerThatIsBusyIsStillThere() throws Exception {
        try (var busy = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            var servers = new LocalServers(each -> each == LocalServer.LM_STUDIO ? busy.getLocalPort() : 0);

            assertThat(servers.look(Set.of(LocalServer.LM_STUDIO))).containsOnlyKeys(LocalServer.LM_STUDIO);
            assertThat(servers.look(Set.of())).isEmpty();
        }
    }

    @Test
    void takesNothingElseForOne() throws Exception {
        int port = start(Map.of("/v1/models", "{\"error\":{\"code\":\"unauthenticated\"}}", "/api/version", "<html>"));

        assertThat(new LocalServers(each -> port).look(Set.of())).isEmpty();
    }

    @Test
    void tellsLlamaCppFromVllm() throws Exception {
        int port = start(ANSWERS.get(LocalServer.VLLM));

        assertThat(new LocalServers(each -> each == LocalServer.LLAMA_CPP ? port : 0).look(Set.of()))
                .isEmpty();
    }
}
