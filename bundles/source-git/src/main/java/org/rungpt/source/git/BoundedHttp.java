package org.rungpt.source.git;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.Proxy;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jgit.transport.http.HttpConnection;
import org.eclipse.jgit.transport.http.HttpConnectionFactory;
import org.jspecify.annotations.Nullable;

/**
 * JGit's way to the server: it ends at once when the job is cancelled, when the server is silent for too long, and when it sends
 * more than it may. It follows no redirect and knows no credentials.
 */
final class BoundedHttp implements HttpConnectionFactory {
    private static final long SLICE_MILLIS = 100;

    private final HttpClient client;
    private final Job job;
    private final Limits limits;
    private long bytesLeft;
    private int lastStatus;
    private @Nullable String lastLocation;

    BoundedHttp(HttpClient client, Job job, Limits limits) {
        this.client = client;
        this.job = job;
        this.limits = limits;
        this.bytesLeft = limits.refBytes();
    }

    /** From here on files come: much more than names of versions. */
    void expectFiles() {
        bytesLeft = limits.packBytes();
    }

    /** Status of the last answer, 0 if none came. */
    int lastStatus() {
        return lastStatus;
    }

    /** Where the last answer sent us, if anywhere. */
    @Nullable
    String lastLocation() {
        return lastLocation;
    }

    @Override
    public HttpConnection create(URL url) {
        return new BoundedConnection(this, url);
    }

    /** The proxy is the client's own affair. */
    @Override
    public HttpConnection create(URL url, @Nullable Proxy proxy) {
        return create(url);
    }

    HttpResponse<InputStream> send(HttpRequest request) throws IOException {
        CompletableFuture<HttpResponse<InputStream>> answer =
                client.sendAsync(request, info -> new SlicedBody(this::await, this::spend));
        try {
            HttpResponse<InputStream> response = await(millis -> {
                try {
                    return answer.get(millis, TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    return null;
                }
            });
            lastStatus = response.statusCode();
            lastLocation = response.headers().firstValue("Location").orElse(null);
            return response;
        } finally {
            if (!answer.isDone()) {
                answer.cancel(true);
            }
        }
    }

    /** Waits in slices for something from the server. */
    interface Waiting<T> {
        @Nullable
        T poll(long millis) throws InterruptedException, ExecutionException;
    }

    <T> T await(Waiting<T> waiting) throws IOException {
        long idleEnd = System.nanoTime() + limits.idle().toNanos();
        try {
            while (true) {
                job.check();
                T result = waiting.poll(SLICE_MILLIS);
                if (result != null) {
                    return result;
                }
                if (System.nanoTime() - idleEnd > 0) {
                    throw new IOException(
                            "the server has sent nothing for " + limits.idle().toSeconds() + " s");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("cancelled");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IOException(e.getCause());
        }
    }

    private void spend(int bytes) throws IOException {
        bytesLeft -= bytes;
        if (bytesLeft < 0) {
            throw new IOException("the server sends more than an action may have");
        }
    }
}
