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
import java.util.regex.Pattern;

/**
 * Requests that are answered in time, or fail. The client's own timeout does not hold on a Unix socket, but an interrupt closes the
 * socket on which a thread waits: who asks is interrupted when the time is up, and is told of a timeout. Any thread.
 */
final class BoundedTransport implements DockerHttpClient {
    /** What engines say nothing to before they have something to tell: it may take as long as it likes. */
    private static final Pattern LATE = Pattern.compile("/(build|commit|images/create|wait)(\\?.*)?$");

    private final DockerHttpClient client;
    private final Duration patience;
    private final boolean streams;
    private final ScheduledThreadPoolExecutor watch;

    private BoundedTransport(DockerHttpClient client, Duration patience, boolean streams) {
        this.client = client;
        this.patience = patience;
        this.streams = streams;
        this.watch = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "rungpt-docker-patience");
            thread.setDaemon(true);
            return thread;
        });
        watch.setRemoveOnCancelPolicy(true);
    }

    /** The whole answer comes in time. */
    static BoundedTransport whole(DockerHttpClient client, Duration patience) {
        return new BoundedTransport(client, patience, false);
    }

    /** An answer begins in time, where it can; what it streams may take as long as it likes. */
    static BoundedTransport begun(DockerHttpClient client, Duration patience) {
        return new BoundedTransport(client, patience, true);
    }

    /**
     * Each request has a connection of its own: one that is kept would be found dead by the first request after the engine was
     * restarted, and nobody could tell whether that was heard.
     */
    private static Request alone(Request request) {
        return request.hijackedInput() != null
                ? request
                : Request.builder()
                        .from(request)
                        .putHeader("Connection", "close")
                        .build();
    }

    @Override
    public Response execute(Request asked) {
        Request request = alone(asked);
        if (streams && LATE.matcher(request.path()).find()) {
            return client.execute(request);
        }
        Wait wait = new Wait();
        Future<?> end = watch.schedule(wait::isUp, patience.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return streams ? begun(client.execute(request), wait) : whole(client.execute(request));
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

    private static Response whole(Response response) throws IOException {
        try (response) {
            InputStream body = response.getBody();
            return new Whole(
                    response.getStatusCode(), response.getHeaders(), body == null ? new byte[0] : body.readAllBytes());
        }
    }

    private static Response begun(Response response, Wait wait) throws IOException {
        if (wait.end()) {
            response.close(); // with the socket on which it waited
            throw new IOException("interrupted at the last moment");
        }
        return response;
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
