package org.rungpt.runner.docker;

import com.github.dockerjava.transport.DockerHttpClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Requests that are answered whole and in time, or fail. The client's own timeout does not hold on a Unix socket, but an interrupt
 * closes the socket on which a thread waits: each request has a thread of its own, and nobody waits longer for it than the time allows.
 * Not for answers that stream. Any thread.
 */
final class BoundedTransport implements DockerHttpClient {
    private final DockerHttpClient client;
    private final Duration patience;
    private final ExecutorService threads;

    BoundedTransport(DockerHttpClient client, Duration patience) {
        this.client = client;
        this.patience = patience;
        AtomicInteger count = new AtomicInteger();
        this.threads = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "rungpt-docker-request-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    @Override
    public Response execute(Request request) {
        Future<Response> answer = threads.submit(() -> {
            try (Response response = client.execute(request)) {
                InputStream body = response.getBody();
                return new Whole(
                        response.getStatusCode(),
                        response.getHeaders(),
                        body == null ? new byte[0] : body.readAllBytes());
            }
        });
        try {
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new IllegalStateException(
                    "the engine's answer timed out after " + patience.toSeconds() + " s", new SocketTimeoutException());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("asking the engine was interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(EngineFailures.line(e.getCause() == null ? e : e.getCause()), e.getCause());
        } finally {
            answer.cancel(true);
        }
    }

    @Override
    public void close() throws IOException {
        threads.shutdownNow();
        client.close();
    }

    private record Whole(int getStatusCode, Map<String, List<String>> getHeaders, byte[] bytes) implements Response {
        @Override
        public InputStream getBody() {
            return new ByteArrayInputStream(bytes);
        }

        @Override
        public void close() {
            // It holds nothing open.
        }
    }
}
