package org.rungpt.model.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.ModelObserver;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.ModelStream;

/**
 * Speaks to one OpenAI-compatible server. A few threads serve any number of streams. Knows nothing of OSGi. Any thread.
 *
 * <p>HTTP/1.1 only: cancelling closes the very connection of the stream, so that the server stops, and no server in the field lacks it.
 * Redirects are never followed: the key goes to the configured origin and nowhere else.
 */
final class OpenAiClient implements AutoCloseable {
    /**
     * Where the server is and how to ask it.
     *
     * @param base the base URL
     * @param headers further headers
     * @param key gives the key at the time of each request; may block for a moment
     * @param timeouts how long to wait
     */
    record Server(BaseUrl base, Map<String, String> headers, Key key, Timeouts timeouts) {
        Server {
            headers = Map.copyOf(headers);
        }
    }

    /** Gives the key; null for none. */
    @FunctionalInterface
    interface Key {
        @Nullable
        String get() throws ModelException;
    }

    /**
     * How long to wait.
     *
     * @param firstByte for the beginning of an answer: a local model may read a long prompt first
     * @param idle for the next byte of an answer that has begun
     * @param total for a whole answer
     */
    record Timeouts(Duration firstByte, Duration idle, Duration total) {}

    private static final int MAX_LIST = 16 * 1024 * 1024;

    private final String name;
    private final Retry retry;
    private final Supplier<Server> server;
    private final ThreadPoolExecutor executor;
    private final ScheduledThreadPoolExecutor timer;
    private final HttpClient http;
    private final Set<ChatStream> streams = ConcurrentHashMap.newKeySet();
    private final Set<Passage> passages = ConcurrentHashMap.newKeySet();
    private final AtomicReference<ChatRequest.@Nullable Dialect> dialect = new AtomicReference<>();
    private volatile @Nullable BaseUrl dialectOf;
    private volatile boolean closed;

    OpenAiClient(String name, Supplier<Server> server, Duration connect, Retry retry) {
        this.name = name;
        this.server = server;
        this.retry = retry;
        int threads = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());
        this.executor = new ThreadPoolExecutor(
                threads, threads, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads("model-" + name + "-"));
        this.executor.allowCoreThreadTimeOut(true);
        this.timer = new ScheduledThreadPoolExecutor(1, threads("model-" + name + "-timer-"));
        this.timer.setRemoveOnCancelPolicy(true);
        this.timer.setKeepAliveTime(30, TimeUnit.SECONDS);
        this.timer.allowCoreThreadTimeOut(true);
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(connect)
                .executor(executor)
                .build();
    }

    private static ThreadFactory threads(String prefix) {
        var count = new AtomicInteger();
        return task -> {
            var thread = new Thread(task, prefix + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Asks for an answer; everything goes to the observer. */
    ModelStream stream(ModelRequest request, ModelObserver observer) {
        var stream = new ChatStream(this, request, observer);
        streams.add(stream);
        if (closed) {
            stream.finish(Failure.stopped());
        } else {
            stream.start();
        }
        return stream;
    }

    /** Asks which models there are. Completes exceptionally with a {@link ModelException}. */
    CompletionStage<List<ModelInfo>> models() {
        try {
            return CompletableFuture.supplyAsync(() -> null, executor).thenCompose(nothing -> askModels());
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(Failure.stopped().error());
        }
    }

    private CompletionStage<List<ModelInfo>> askModels() {
        Server asked = server();
        Failure.Subject subject = new Failure.Subject(name, asked.base(), null);
        try {
            String key = asked.key().get();
            Failure.Subject keyed = new Failure.Subject(name, asked.base(), key);
            HttpRequest request = request(asked, key, "/models")
                    .header("Accept", "application/json")
                    .timeout(asked.timeouts().idle())
                    .GET()
                    .build();
            return http.sendAsync(request, info -> limited()).handle((response, thrown) -> {
                if (thrown != null) {
                    throw new CompletionException(
                            Failure.ofIo(keyed, thrown, false).error());
                }
                return listed(keyed, response);
            });
        } catch (ModelException e) {
            return CompletableFuture.failedFuture(e);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(Failure.stopped().error());
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedFuture(
                    Failure.malformed(subject.words(e.getMessage())).error());
        }
    }

    private static List<ModelInfo> listed(Failure.Subject subject, HttpResponse<String> response) {
        if (response.statusCode() / 100 != 2) {
            throw new CompletionException(
                    Failure.ofStatus(subject, response.statusCode(), response.headers(), response.body(), "this model")
                            .error());
        }
        try {
            return ModelList.read(subject.base(), response.body());
        } catch (JsonProcessingException e) {
            throw new CompletionException(Failure.malformed(subject.base() + "/models is no list of models")
                    .error());
        }
    }

    private static HttpResponse.BodySubscriber<String> limited() {
        var collected = new Collected(MAX_LIST);
        return HttpResponse.BodySubscribers.mapping(
                HttpResponse.BodySubscribers.ofByteArrayConsumer(
                        piece -> piece.ifPresent(bytes -> collected.add(ByteBuffer.wrap(bytes)))),
                nothing -> collected.text());
    }

    HttpRequest.Builder request(Server asked, @Nullable String key, String path) throws ModelException {
        String refusal = Addresses.refusalOf(asked.base().uri().getHost());
        if (refusal != null) {
            throw new ModelException(
                    ModelException.Kind.BAD_REQUEST,
                    refusal,
                    "Set another base URL in Settings, connection " + name + ".");
        }
        HttpRequest.Builder builder = HttpRequest.newBuilder(asked.base().resolve(path));
        asked.headers().forEach(builder::setHeader);
        if (key != null) {
            if (!key.chars().allMatch(c -> c > ' ' && c < 127)) {
                throw new ModelException(
                        ModelException.Kind.AUTHENTICATION,
                        "The key holds characters that no key has",
                        "Paste it again in Settings, connection " + name + ".");
            }
            builder.setHeader("Authorization", "Bearer " + key);
        }
        return builder.setHeader("Accept-Encoding", "identity").setHeader("User-Agent", "RunGPT");
    }

    String name() {
        return name;
    }

    Server server() {
        return server.get();
    }

    Retry retry() {
        return retry;
    }

    HttpClient http() {
        return http;
    }

    void execute(Runnable work) {
        executor.execute(work);
    }

    Future<?> later(Runnable work, Duration delay) {
        return timer.schedule(work, delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** What this server is known to understand. */
    ChatRequest.Dialect dialect(BaseUrl base) {
        ChatRequest.Dialect known = dialect.get();
        if (known == null || !base.equals(dialectOf)) {
            known = ChatRequest.Dialect.of(base);
            dialect.set(known);
            dialectOf = base;
        }
        return known;
    }

    void learned(ChatRequest.Dialect other) {
        dialect.set(other);
    }

    void ended(ChatStream stream) {
        streams.remove(stream);
    }

    /** @return false if this client is closed: nothing begins any more */
    boolean began(Passage passage) {
        passages.add(passage);
        return !closed;
    }

    void ended(Passage passage) {
        passages.remove(passage);
    }

    /** Ends every stream with {@code BACKEND_STOPPED} and every thread. */
    @Override
    public void close() {
        closed = true;
        List.copyOf(streams).forEach(stream -> stream.finish(Failure.stopped()));
        List.copyOf(passages).forEach(passage -> passage.fail(Failure.stopped()));
        timer.shutdownNow();
        executor.shutdown();
    }
}
