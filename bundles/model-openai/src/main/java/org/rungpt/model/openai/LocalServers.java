package org.rungpt.model.openai;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.ToIntFunction;

/** Looks which servers of models listen on this machine. Blocks for some hundred milliseconds at most where nobody listens. */
final class LocalServers {
    private static final Duration CONNECT = Duration.ofMillis(500);
    private static final Duration ANSWER = Duration.ofSeconds(2);
    private static final int MAX_ANSWER = 1 << 20;

    private final ToIntFunction<LocalServer> ports;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT)
            .executor(Runnable::run)
            .build();

    /** @param ports where each listens; 0 for one that is not looked for */
    LocalServers(ToIntFunction<LocalServer> ports) {
        this.ports = ports;
    }

    /** The servers that answer, with their base URLs. */
    Map<LocalServer, BaseUrl> look() throws InterruptedException {
        Map<LocalServer, BaseUrl> found = new EnumMap<>(LocalServer.class);
        for (LocalServer server : LocalServer.all()) {
            int port = ports.applyAsInt(server);
            if (port > 0 && listens(port) && answers(server, port)) {
                found.put(server, BaseUrl.of("http://127.0.0.1:" + port + "/v1"));
            }
        }
        return found;
    }

    private static boolean listens(int port) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) CONNECT.toMillis());
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private boolean answers(LocalServer server, int port) throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + server.path()))
                .timeout(ANSWER)
                .header("Accept", "application/json")
                .header("User-Agent", "RunGPT")
                .build();
        try {
            HttpResponse<String> response = http.send(request, info -> {
                var collected = new Collected(MAX_ANSWER);
                return HttpResponse.BodySubscribers.mapping(
                        HttpResponse.BodySubscribers.ofByteArrayConsumer(
                                piece -> piece.ifPresent(bytes -> collected.add(ByteBuffer.wrap(bytes)))),
                        nothing -> collected.text());
            });
            return response.statusCode() == 200 && server.answers(response.body());
        } catch (IOException e) {
            return false;
        }
    }
}
