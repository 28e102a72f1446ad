package org.rungpt.gate;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.Servlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.servlet.runtime.HttpServiceRuntime;

/** What clients see while a bundle is away. */
final class SwapTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @TempDir
    Path directory;

    private static final class Hello extends HttpServlet {
        private static final long serialVersionUID = 1;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.getWriter().print("hello");
        }
    }

    @Test
    void whoeverIsAwayTooLongIsUnavailableNotMissing() throws Exception {
        try (HttpServer server = new HttpServer(directory, new Presence(4, Duration.ofMillis(100)))) {
            // Pages for all addresses do not answer for the API.
            server.register("/*", new Hello());
            HttpResponse<String> api = get(server, "/api/conversations");
            assertThat(api.statusCode()).isEqualTo(503);
            assertThat(api.headers().firstValue("retry-after")).hasValue("1");
            assertThat(api.body()).contains("\"code\":\"unavailable\"");
            assertThat(get(server, "/").body()).isEqualTo("hello");
            // The gate's own addresses need nobody.
            assertThat(get(server, "/healthz").body()).isEqualTo("ok\n");
        }
    }

    @Test
    void nothingIsMissingBeforeTheServerCanTellWhoIsThere() throws Exception {
        try (HttpServer server = new HttpServer(directory, new Presence(4, Duration.ofMillis(30_000)))) {
            HttpServiceRuntime runtime = Objects.requireNonNull(server.gate.runtime);
            server.gate.runtime = null;
            CompletableFuture<HttpResponse<String>> early =
                    CLIENT.sendAsync(request(server, "/api/conversations"), HttpResponse.BodyHandlers.ofString());
            server.register("/api/*", new Hello());
            server.gate.runtime = runtime;
            assertThat(early.get(1, TimeUnit.MINUTES).body()).isEqualTo("hello");
        }
        try (HttpServer server = new HttpServer(directory, new Presence(4, Duration.ofMillis(100)))) {
            server.gate.runtime = null;
            assertThat(get(server, "/api/conversations").statusCode()).isEqualTo(503);
        }
    }

    @Test
    void fewMayWait() throws Exception {
        try (HttpServer server = new HttpServer(directory, new Presence(0, Duration.ofMillis(30_000)))) {
            assertThat(get(server, "/").statusCode()).isEqualTo(503);
        }
    }

    @Test
    void requestsGoOnWhileABundleIsReplacedAgainAndAgain() throws Exception {
        try (HttpServer server = new HttpServer(directory, new Presence(64, Duration.ofMillis(10_000)))) {
            ServiceRegistration<Servlet> web = server.register("/api/*", new Hello());
            AtomicBoolean done = new AtomicBoolean();
            List<CompletableFuture<List<Integer>>> clients = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                clients.add(CompletableFuture.supplyAsync(() -> {
                    List<Integer> answers = new ArrayList<>();
                    // Also of one whose thread comes when all is over.
                    do {
                        try {
                            answers.add(get(server, "/api/x").statusCode());
                        } catch (Exception e) {
                            throw new IllegalStateException(e);
                        }
                    } while (!done.get());
                    return answers;
                }));
            }
            for (int i = 0; i < 50; i++) {
                web.unregister();
                web = server.register("/api/*", new Hello());
                assertThat(get(server, "/api/x").statusCode()).isIn(200, 503);
            }
            done.set(true);
            for (CompletableFuture<List<Integer>> client : clients) {
                assertThat(client.get(1, TimeUnit.MINUTES))
                        .isNotEmpty()
                        .allMatch(status -> status == 200 || status == 503);
            }
        }
    }

    private HttpResponse<String> get(HttpServer server, String path) throws Exception {
        return CLIENT.send(request(server, path), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest request(HttpServer server, String path) throws IOException {
        String token = Files.readString(directory.resolve("secret/token")).strip();
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port + path))
                .header("Authorization", "Bearer " + token)
                .build();
    }
}
