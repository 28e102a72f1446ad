package org.rungpt.model.openai;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;

/** Looks which servers of models listen on this machine. Blocks for some hundred milliseconds at most where nobody listens. */
final class LocalServers {
    private final ToIntFunction<LocalServer> ports;
    private final LocalHttp http;

    /** @param ports where each listens; 0 for one that is not looked for */
    LocalServers(ToIntFunction<LocalServer> ports) {
        this(ports, new LocalHttp());
    }

    LocalServers(ToIntFunction<LocalServer> ports, LocalHttp http) {
        this.ports = ports;
        this.http = http;
    }

    /**
     * The servers that answer, with their base URLs.
     *
     * @param known those that answered before: one that listens and is busy is still there
     */
    Map<LocalServer, BaseUrl> look(Set<LocalServer> known) throws InterruptedException {
        Map<LocalServer, BaseUrl> found = new EnumMap<>(LocalServer.class);
        for (LocalServer server : LocalServer.all()) {
            int port = ports.applyAsInt(server);
            if (port > 0 && listens(port) && answers(server, port, known.contains(server))) {
                found.put(server, BaseUrl.of("http://127.0.0.1:" + port + "/v1"));
            }
        }
        return found;
    }

    private static boolean listens(int port) {
        try (var socket = new Socket()) {
            socket.connect(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) LocalHttp.CONNECT.toMillis());
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private boolean answers(LocalServer server, int port, boolean known) throws InterruptedException {
        JsonNode answer = http.ask(URI.create("http://127.0.0.1:" + port + server.path()), null);
        return answer.isNull() ? known : server.isIt(answer);
    }
}
