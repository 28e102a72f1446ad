package org.rungpt.runner.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections to one engine: one for control, whose every call is answered in bounded time, and one for what streams for as
 * long as it likes.
 */
final class Engine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
    private static final Duration CONNECT = Duration.ofSeconds(5);
    static final Duration RESPONSE = Duration.ofSeconds(30);
    static final Duration PING = Duration.ofSeconds(5);

    private final DockerClient control;
    private final DockerClient streams;
    private final DockerClient pinger;

    /** @param streamCount how many streams may be open at a time */
    Engine(String host, int streamCount) {
        this(host, streamCount, RESPONSE);
    }

    /** @param response how long an answer of control may take */
    Engine(String host, int streamCount, Duration response) {
        control = client(host, 16, response);
        streams = client(host, streamCount, Duration.ZERO);
        pinger = client(host, 2, PING);
    }

    private static DockerClient client(String host, int connections, Duration response) {
        DefaultDockerClientConfig config = DefaultDockerClientConfig.createDefaultConfigBuilder()
                .withDockerHost(host)
                .withDockerTlsVerify(false)
                .build();
        ZerodepDockerHttpClient.Builder http = new ZerodepDockerHttpClient.Builder()
                .dockerHost(URI.create(host))
                .maxConnections(connections)
                .connectionTimeout(CONNECT);
        if (response.isZero()) {
            return DockerClientImpl.getInstance(config, http.build());
        }
        http.responseTimeout(response);
        return DockerClientImpl.getInstance(config, new BoundedTransport(http.build(), response));
    }

    DockerClient control() {
        return control;
    }

    DockerClient streams() {
        return streams;
    }

    /** For asking whether it is there, when the answer must come soon. */
    DockerClient pinger() {
        return pinger;
    }

    @Override
    public void close() {
        for (DockerClient client : new DockerClient[] {streams, control, pinger}) {
            try {
                client.close();
            } catch (IOException e) {
                LOG.debug("The connection to Docker did not close", e);
            }
        }
    }
}
