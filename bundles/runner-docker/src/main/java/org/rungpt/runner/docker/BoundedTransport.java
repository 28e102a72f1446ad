package org.rungpt.runner.docker;

import com.github.dockerjava.transport.DockerHttpClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Requests that are answered whole and in time, or fail. The client's own timeout does not hold on a Unix socket, but an interrupt
 * closes the socket on which a thread waits: who asks is interrupted when the time is up, and is told of a timeout. Not for answers
 * that stream. Any thread.
 */
final class BoundedTransport implements DockerHttpClient {
    private final DockerHttpClient client;
    private final Duration patience;
    private final ScheduledThreadPoolExecutor watch;

    BoundedTransport(DockerHttpClient client, Duration patience) {
        this.client = client;
        this.patience = patience;
        this.watch = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "rungpt-docker-patience");
            thread.setDaemon(true);
            return thread;
        });
        watch.setRemoveOnCancelPolicy(true);
    }

    @Override
    public Response execute(Request request) {
        Wait wait = new Wait();
        Future<?> end = watch.schedule(wait::isUp, patience.toMillis(), TimeUnit.MILLISECONDS);
        try (Response response = client.execute(request)) {
            InputStream body = response.getBody();
            return new Whole(
                    response.getStatusCode(), response.getHeaders(), body == null ? new byte[0] : body.readAllBytes());
        } catch (IOException | RuntimeException e) {
            if (wait.end()) {
                SocketTimeoutException timeout = new SocketTimeoutException("no answer in time");
                timeout.addSuppressed(e);
                throw new IllegalStateException(
                        "the engine's answer timed out after " + patience.toSeconds() + " s", timeout);
            }
            throw e instanceof RuntimeException unchecked
                    ? unchecked
                    : new IllegalStateException(EngineFailures.line(e), e);
        } finally {
            end.cancel(false);
            wait.end();
        }
    }

    @Override
    public void close() throws IOException {
        watch.shutdownNow();
        client.close();
    }

    /** One request, by the thread that made it. */
    private static final class Wait {
        private final Thread asking = Thread.currentThread();
        private boolean over;
        private boolean interrupted;

        synchronized void isUp() {
            if (!over) {
                interrupted = true;
                asking.interrupt();
            }
        }

        /** The interrupt, if there was one, is nobody else's. @return whether the time was up before */
        synchronized boolean end() {
            if (!over) {
                over = true;
                if (interrupted) {
                    Thread.interrupted();
                }
            }
            return interrupted;
        }
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
