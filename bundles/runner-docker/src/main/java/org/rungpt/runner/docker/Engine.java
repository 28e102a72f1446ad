package org.rungpt.runner.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections to the engine: one for control, whose every call is answered in bounded time, and one for what begins in bounded
 * time and streams for as long as it likes.
 */
final class Engine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
    private static final Duration CONNECT = Duration.ofSeconds(5);
    static final Duration RESPONSE = Duration.ofSeconds(30);
    static final Duration PING = Duration.ofSeconds(5);

    private record Clients(String host, DockerClient control, DockerClient streams, DockerClient pinger) {}

    private final int streamCount;
    private final Duration response;
    private volatile Clients clients;
    private volatile boolean podman;
    private boolean closed;

    /** @param streamCount how many streams may be open at a time */
    Engine(String host, int streamCount) {
        this(host, streamCount, RESPONSE);
    }

    /** @param response how long an answer of control may take */
    Engine(String host, int streamCount, Duration response) {
        this.streamCount = streamCount;
        this.response = response;
        this.clients = clients(host);
    }

    private Clients clients(String host) {
        return new Clients(
                host,
                client(host, 16, response, false),
                client(host, streamCount, response, true),
                client(host, 2, PING, false));
    }

    String host() {
        return clients.host();
    }

    /** Means another engine from now on. Only as long as nothing is known of this one. */
    synchronized void turnTo(String host) {
        Clients before = clients;
        if (!closed && !before.host().equals(host)) {
            clients = clients(host);
            close(before);
        }
    }

    private static DockerClient client(String host, int connections, Duration response, boolean streams) {
        DefaultDockerClientConfig config = DefaultDockerClientConfig.createDefaultConfigBuilder()
                .withDockerHost(host)
                .withDockerTlsVerify(false)
                .build();
        ZerodepDockerHttpClient.Builder http = new ZerodepDockerHttpClient.Builder()
                .dockerHost(URI.create(host))
                .maxConnections(connections)
                .connectionTimeout(CONNECT);
        if (streams) {
            return DockerClientImpl.getInstance(config, BoundedTransport.begun(http.build(), response));
        }
        http.responseTimeout(response);
        return DockerClientImpl.getInstance(config, BoundedTransport.whole(http.build(), response));
    }

    /** Some things it wants said otherwise than Docker. */
    boolean isPodman() {
        return podman;
    }

    void isPodman(boolean is) {
        podman = is;
    }

    DockerClient control() {
        return clients.control();
    }

    DockerClient streams() {
        return clients.streams();
    }

    /** For asking whether it is there, when the answer must come soon. */
    DockerClient pinger() {
        return clients.pinger();
    }

    @Override
    public synchronized void close() {
        closed = true;
        close(clients);
    }

    private static void close(Clients clients) {
        for (DockerClient client : List.of(clients.streams(), clients.control(), clients.pinger())) {
            try {
                client.close();
            } catch (IOException e) {
                LOG.debug("The connection to Docker did not close", e);
            }
        }
    }
}
