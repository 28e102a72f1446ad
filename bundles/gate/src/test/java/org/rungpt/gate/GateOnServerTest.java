package org.rungpt.gate;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The gate on the HTTP server of the distribution: what goes over the wire. */
final class GateOnServerTest {
    @TempDir
    static Path directory;

    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final ManualClock CLOCK = new ManualClock();
    private static HttpServer server;
    private static String token;

    /** A bundle that does all that it should not. */
    private static final class Careless extends HttpServlet {
        private static final long serialVersionUID = 1;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.setHeader("Access-Control-Allow-Origin", "*");
            response.addHeader("access-control-allow-private-network", "true");
            response.setHeader("X-Frame-Options", "ALLOWALL");
            response.setHeader("Server", "Careless/1.0");
            String path = String.valueOf(request.getPathInfo());
            switch (path) {
                case "/throw" -> throw new IllegalStateException("inner detail <script>");
                case "/error" -> response.sendError(500, "inner detail <script>");
                case "/missing" -> {
                    response.reset();
                    response.sendError(404, path);
                }
                case "/async" -> {
                    AsyncContext async = request.startAsync();
                    async.start(() -> {
                        try {
                            async.getResponse().getOutputStream().write("later".getBytes(UTF_8));
                        } catch (IOException e) {
                            throw new IllegalStateException(e);
                        }
                        async.complete();
                    });
                }
                default -> response.getWriter().print(request.getMethod() + " here");
            }
        }
    }

    @BeforeAll
    static void start() throws Exception {
        server = new HttpServer(directory, new Presence(2, Duration.ofMillis(300)), CLOCK);
        server.register("/api/*", new Careless());
        server.register("/v1/*", new Careless());
        server.register("/*", new Careless());
        token = Files.readString(directory.resolve("secret/token")).strip();
    }

    /** Whoever guessed wrong in the test before may try again. */
    @BeforeEach
    void waitAWhile() {
        CLOCK.pass(Duration.ofMinutes(2));
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Test
    void everyAnswerCarriesTheHeadersAndNoOther() throws Exception {
        List<HttpResponse<String>> answers = new ArrayList<>();
        for (String path : List.of("/healthz", "/login", "/login/login.js", "/", "/api/x", "/nothing")) {
            answers.add(send(request(path)));
            answers.add(send(request(path).header("Authorization", "Bearer " + token)));
        }
        for (String path : List.of("/api/throw", "/api/error", "/api/missing", "/api/async", "/throw", "/missing")) {
            answers.add(send(request(path).header("Authorization", "Bearer " + token)));
        }
        for (HttpResponse<String> answer : answers) {
            Map<String, List<String>> headers = answer.headers().map();
            String where = answer.uri() + " " + answer.statusCode();
            assertThat(headers.get("content-security-policy"))
                    .as(where)
                    .containsExactly(
                            "default-src 'none'; script-src 'self'; style-src-elem 'self'; style-src-attr 'unsafe-inline';"
                                    + " img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; media-src 'self' blob:;"
                                    + " frame-src 'none'; object-src 'none'; worker-src 'self'; base-uri 'none'; form-action"
                                    + " 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types rungpt"
                                    + " dompurify");
            assertThat(headers.get("x-content-type-options")).as(where).containsExactly("nosniff");
            assertThat(headers.get("x-frame-options")).as(where).containsExactly("DENY");
            assertThat(headers.get("referrer-policy")).as(where).containsExactly("no-referrer");
            assertThat(headers.get("cross-origin-opener-policy")).as(where).containsExactly("same-origin");
            assertThat(headers.get("cross-origin-resource-policy")).as(where).containsExactly("same-origin");
            assertThat(headers.get("cross-origin-embedder-policy")).as(where).containsExactly("require-corp");
            assertThat(headers).as(where).containsKey("permissions-policy").doesNotContainKey("server");
            assertThat(headers.keySet()).as(where).noneMatch(name -> name.startsWith("access-control-"));
            if (answer.uri().getPath().startsWith("/api")) {
                assertThat(headers.get("cache-control")).as(where).containsExactly("no-store");
            }
            assertThat(answer.body()).as(where).doesNotContain("inner detail", "Exception", "jetty", "<script>");
        }
    }

    @Test
    void atTheDoorErrorsAreInTheFormOfTheOpenAiApi() throws Exception {
        HttpResponse<String> unknown = send(request("/v1/models"));
        assertThat(unknown.statusCode()).isEqualTo(401);
        assertThat(unknown.body())
                .isEqualTo("{\"error\":{\"message\":\"You are not logged in. Open /login, or send the token that"
                        + " ./rungpt token prints as Authorization: Bearer TOKEN.\",\"type\":\"invalid_request_error\","
                        + "\"param\":null,\"code\":\"invalid_api_key\"}}");
        HttpResponse<String> thrown = send(request("/v1/throw").header("Authorization", "Bearer " + token));
        assertThat(thrown.statusCode()).isEqualTo(500);
        assertThat(thrown.body())
                .isEqualTo("{\"error\":{\"message\":\"Something went wrong in the server. The log has the details.\","
                        + "\"type\":\"server_error\",\"param\":null,\"code\":\"internal\"}}");
        assertThat(send(request("/api/x")).body()).startsWith("{\"error\":{\"code\":\"unauthenticated\"");
    }

    @Test
    void errorsOfBundlesBecomeTheGatesErrors() throws Exception {
        HttpResponse<String> thrown = send(request("/api/throw").header("Authorization", "Bearer " + token));
        assertThat(thrown.statusCode()).isEqualTo(500);
        assertThat(thrown.body()).startsWith("{\"error\":{\"code\":\"internal\"");
        HttpResponse<String> missing = send(request("/missing").header("Authorization", "Bearer " + token));
        assertThat(missing.statusCode()).isEqualTo(404);
        assertThat(missing.headers().firstValue("content-type")).hasValue("text/plain;charset=utf-8");
        assertThat(send(request("/api/async").header("Authorization", "Bearer " + token))
                        .body())
                .isEqualTo("later");
    }

    @Test
    void aCodeBecomesASessionOnce() throws Exception {
        HttpResponse<String> made = send(post("/api/session/codes", "").header("Authorization", "Bearer " + token));
        assertThat(made.statusCode()).isEqualTo(201);
        String code = made.body().replaceAll(".*\"code\":\"([^\"]+)\".*", "$1");
        assertThat(made.body())
                .contains("\"url\":\"http://127.0.0.1:" + server.port + "/login#code=" + code + "\"")
                .contains("\"expiresInSeconds\":300");

        HttpResponse<String> in = send(post("/api/session", "{\"code\":\"" + code + "\"}"));
        assertThat(in.statusCode()).isEqualTo(204);
        String cookie = in.headers().firstValue("set-cookie").orElseThrow();
        assertThat(cookie)
                .startsWith("rungpt_" + server.port + "=")
                .contains("; HttpOnly")
                .contains("; SameSite=Strict")
                .contains("; Path=/");
        assertThat(send(post("/api/session", "{\"code\":\"" + code + "\"}")).statusCode())
                .isEqualTo(401);

        String value = cookie.substring(0, cookie.indexOf(';'));
        assertThat(send(request("/api/x").header("Cookie", value)).statusCode()).isEqualTo(200);
        assertThat(send(request("/").header("Cookie", value)).statusCode()).isEqualTo(200);
        assertThat(send(request("/api/x").header("Cookie", value.replace("" + server.port, "1")))
                        .statusCode())
                .isEqualTo(401);

        HttpResponse<String> out = send(HttpRequest.newBuilder(uri("/api/session"))
                .DELETE()
                .header("X-RunGPT", "1")
                .header("Cookie", value));
        assertThat(out.statusCode()).isEqualTo(204);
        assertThat(send(request("/api/x").header("Cookie", value)).statusCode()).isEqualTo(401);
    }

    @Test
    void aPersonIsSentToTheLoginPage() throws Exception {
        HttpResponse<String> home = send(request("/"));
        assertThat(home.statusCode()).isEqualTo(303);
        assertThat(home.headers().firstValue("location")).hasValue("/login");
        assertThat(send(request("/login")).body()).contains("/login/login.js").doesNotContain("<script>");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET http://evil.com/api/x HTTP/1.1\r\nHost: HOST\r\n",
                "GET http://evil.com/api/x HTTP/1.1\r\nHost: evil.com\r\n",
                "GET //evil.com/api/x HTTP/1.1\r\nHost: HOST\r\n",
                "GET /api/x HTTP/1.1\r\nHost: HOST\r\nHost: evil.com\r\n",
                "GET /api/x HTTP/1.1\r\n",
                "GET /api/x HTTP/1.0\r\n",
                "GET /api/x HTTP/1.1\r\nHost: LOCALHOST:PORT\r\n",
                "GET /api/x HTTP/1.1\r\nHost: localhost.:PORT\r\n",
                "GET /api/x HTTP/1.1\r\nHost: 127.1:PORT\r\n",
                "GET /api/x HTTP/1.1\r\nHost: evil.com\r\nX-Forwarded-Host: HOST\r\n",
                "OPTIONS /api/x HTTP/1.1\r\nHost: HOST\r\nOrigin: http://evil.com\r\nAccess-Control-Request-Method: POST\r\n",
                "OPTIONS * HTTP/1.1\r\nHost: HOST\r\n",
                "TRACE /api/x HTTP/1.1\r\nHost: HOST\r\n",
                "GET /login/..;/api/x HTTP/1.1\r\nHost: HOST\r\nAuthorization: none\r\n",
                "GET /login/%2e%2e/api/x HTTP/1.1\r\nHost: HOST\r\nAuthorization: none\r\n",
                "GET /login/%2f..%2fapi/x HTTP/1.1\r\nHost: HOST\r\nAuthorization: none\r\n",
                "GET /api%2fx HTTP/1.1\r\nHost: HOST\r\nAuthorization: none\r\n",
                "GET /healthz;/api/x HTTP/1.1\r\nHost: HOST\r\nAuthorization: none\r\n",
                "POST /api/x HTTP/1.1\r\nHost: HOST\r\nX-RunGPT: 1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n",
                "POST /api/x HTTP/1.1\r\nHost: HOST\r\nX-RunGPT: 1\r\nContent-Length: 1048577\r\nContent-Type: application/json\r\n",
                "POST /api/x HTTP/1.1\r\nHost: HOST\r\nX-RunGPT: 1\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n",
                "POST /api/x HTTP/1.1\r\nHost: HOST\r\nX-RunGPT: 1\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n",
                "POST /api/x HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\nContent-Type: application/json\r\n",
                "GET /api/x HTTP/1.1\r\nHost: HOST\r\nOrigin: null\r\n",
                "GET /api/x HTTP/1.1\r\nHost: HOST\r\nSec-Fetch-Site: cross-site\r\n",
                "GET /api/x?token=TOKEN HTTP/1.1\r\nHost: HOST\r\nAuthorization: none\r\n",
                "GET /api/x HTTP/1.1\r\nHost: HOST\r\nAuthorization: none\r\nX-API-Key: TOKEN\r\n",
            })
    void aHostileRequestReachesNoBundle(String head) throws Exception {
        String host = "127.0.0.1:" + server.port;
        String full = head.contains("Authorization") ? head : head + "Authorization: Bearer " + token + "\r\n";
        String sent =
                full.replace("HOST", host).replace("PORT", "" + server.port).replace("TOKEN", token)
                        + "Connection: close\r\n\r\n";
        String answer = raw(sent);
        // What the server refuses before it asks the gate has the headers of its configuration.
        assertThat(answer).containsIgnoringCase("Content-Security-Policy: default-src 'none'");
        assertThat(answer).matches("(?s)HTTP/1\\.[01] 4\\d\\d .*");
        assertThat(answer).doesNotContain(" here", "Access-Control", "Jetty", "Exception");
    }

    @Test
    void afterTenWrongTokensTheNextHasToWaitButTheRightOnePasses() throws Exception {
        int later = 0;
        for (int i = 0; i < 12; i++) {
            HttpResponse<String> answer = send(request("/api/x").header("Authorization", "Bearer wrong" + i));
            assertThat(answer.statusCode()).isIn(401, 429);
            if (answer.statusCode() == 429) {
                later++;
                assertThat(answer.headers().firstValue("retry-after")).isPresent();
            }
        }
        assertThat(later).isGreaterThanOrEqualTo(2);
        assertThat(send(request("/api/x").header("Authorization", "Bearer " + token))
                        .statusCode())
                .isEqualTo(200);
    }

    private static HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(uri(path));
    }

    private static HttpRequest.Builder post(String path, String body) {
        return request(path)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .header("Content-Type", "application/json")
                .header("X-RunGPT", "1");
    }

    private static URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port + path);
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static String raw(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", server.port)) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(request.getBytes(UTF_8));
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }
}
