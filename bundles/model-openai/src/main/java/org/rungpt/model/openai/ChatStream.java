package org.rungpt.model.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelObserver;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.ModelStream;

/**
 * One answer, from the first attempt to its end. No thread waits for it: the HTTP client tells when something arrives, a timer
 * when nothing does. Tried again only as long as nothing of an answer was told.
 */
final class ChatStream implements ModelStream {
    /** How long to wait for the end of a stream whose answer is complete. */
    private static final Duration GRACE = Duration.ofSeconds(2);
    /** So long the end of an answer waits for the end of its connection's part, so that the next request finds the connection free. */
    private static final Duration TAIL = Duration.ofMillis(50);

    private final OpenAiClient client;
    private final ModelRequest request;
    private final SerialObserver observer;
    private volatile Failure.Subject subject;
    private volatile boolean delivered;
    private volatile long lastSign = System.nanoTime();
    private volatile OpenAiClient.Timeouts timeouts;
    private volatile Duration patience;
    private volatile int attempt = 1;
    private int dialects;

    private final Object lock = new Object();
    private @Nullable Attempt current;
    private @Nullable CompletableFuture<?> exchange;
    private @Nullable Future<?> idleTimer;
    private @Nullable Future<?> totalTimer;
    private @Nullable Future<?> retryTimer;

    ChatStream(OpenAiClient client, ModelRequest request, ModelObserver observer) {
        this.client = client;
        this.request = request;
        this.observer = new SerialObserver(observer);
        this.subject = new Failure.Subject(client.name(), client.server().base(), null);
        this.timeouts = client.server().timeouts();
        this.patience = timeouts.firstByte();
    }

    void start() {
        try {
            Duration limit = timeouts.total();
            Future<?> total = client.later(() -> finish(Failure.endless(limit)), limit);
            synchronized (lock) {
                totalTimer = total;
            }
            client.execute(this::send);
        } catch (RejectedExecutionException e) {
            finish(Failure.stopped());
        }
    }

    @Override
    public void cancel() {
        if (observer.finished(FinishReason.CANCELLED, null)) {
            release();
        }
    }

    /** Ends it with an error, whatever state it is in. */
    void finish(Failure failure) {
        if (observer.failed(failure.error())) {
            release();
        }
    }

    /** The server has said everything: what is left of its answer is read away, so that the connection can be used again. */
    private void finish(FinishReason reason, Attempt answered) {
        answered.chunks.end();
        if (observer.finished(reason, answered.chunks.usage())) {
            cancelTimers();
            client.ended(this);
            try {
                client.later(answered::close, GRACE);
            } catch (RejectedExecutionException e) {
                answered.close();
            }
        }
    }

    /** Closes the connection to the server and every timer. */
    private void release() {
        CompletableFuture<?> running;
        Attempt open;
        cancelTimers();
        synchronized (lock) {
            running = exchange;
            open = current;
        }
        if (open != null) {
            open.close();
        }
        if (running != null) {
            running.cancel(true);
        }
        client.ended(this);
    }

    private void cancelTimers() {
        synchronized (lock) {
            cancel(idleTimer);
            cancel(totalTimer);
            cancel(retryTimer);
        }
    }

    private static void cancel(@Nullable Future<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    private void send() {
        if (observer.ended()) {
            return;
        }
        try {
            OpenAiClient.Server server = client.server();
            String key = server.key().get();
            subject = new Failure.Subject(client.name(), server.base(), key);
            ChatRequest.Dialect dialect = client.dialect(server.base());
            HttpRequest http = client.request(server, key, "/chat/completions")
                    .header("Content-Type", "application/json")
                    .header("Accept", "text/event-stream")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(ChatRequest.body(request, dialect)))
                    .build();
            timeouts = server.timeouts();
            lastSign = System.nanoTime();
            patience = timeouts.firstByte();
            watch(patience);
            int mine = attempt;
            CompletableFuture<HttpResponse<Void>> sent = client.http().sendAsync(http, info -> begin(info, dialect));
            synchronized (lock) {
                exchange = sent;
            }
            if (observer.ended()) {
                release();
            }
            sent.whenComplete((response, thrown) -> {
                if (thrown != null && mine == attempt) {
                    failed(Failure.ofIo(subject, thrown, delivered));
                }
            });
        } catch (ModelException e) {
            finish(new Failure(e, false, null));
        } catch (IOException e) {
            finish(new Failure(
                    new ModelException(
                            ModelException.Kind.BAD_REQUEST,
                            "The request cannot be written: " + Redaction.plain(e.getMessage(), 200),
                            null),
                    false,
                    null));
        } catch (RejectedExecutionException e) {
            finish(Failure.stopped());
        } catch (RuntimeException e) {
            finish(Failure.malformed("The request cannot be sent: " + subject.words(e.getMessage())));
        }
    }

    private BodySubscriber<Void> begin(ResponseInfo info, ChatRequest.Dialect dialect) {
        Attempt opened = new Attempt(info, dialect);
        synchronized (lock) {
            current = opened;
        }
        lastSign = System.nanoTime();
        patience = timeouts.idle();
        watch(patience);
        return opened;
    }

    /** Fails, or tries again if nothing of an answer was told yet. */
    private void failed(Failure failure) {
        if (observer.ended()) {
            return;
        }
        Duration wait = delivered ? null : client.retry().before(attempt, failure);
        if (wait == null) {
            finish(failure);
            return;
        }
        attempt++;
        synchronized (lock) {
            cancel(idleTimer);
            current = null;
        }
        observer.retrying(attempt, wait, String.valueOf(failure.error().getMessage()));
        again(wait);
    }

    private void again(Duration wait) {
        try {
            Future<?> timer = client.later(() -> client.execute(this::send), wait);
            synchronized (lock) {
                retryTimer = timer;
            }
            if (observer.ended()) {
                timer.cancel(false);
            }
        } catch (RejectedExecutionException e) {
            finish(Failure.stopped());
        }
    }

    /** Looks again when the silence may have become too long. */
    private void watch(Duration in) {
        try {
            Future<?> timer = client.later(this::look, in);
            synchronized (lock) {
                cancel(idleTimer);
                idleTimer = timer;
            }
            if (observer.ended()) {
                timer.cancel(false);
            }
        } catch (RejectedExecutionException e) {
            finish(Failure.stopped());
        }
    }

    private void look() {
        Duration left = patience.minusNanos(System.nanoTime() - lastSign);
        if (!left.isNegative() && !left.isZero()) {
            watch(left);
            return;
        }
        Attempt open;
        synchronized (lock) {
            open = current;
        }
        FinishReason reason = open == null ? null : open.chunks.finish();
        if (open != null && reason != null) {
            finish(reason, open);
        } else {
            finish(Failure.idle(patience, open != null));
        }
    }

    /** One HTTP answer: a stream of events, a whole completion of a server that does not stream, or an error. */
    private final class Attempt implements BodySubscriber<Void> {
        private static final int MAX_ERROR = 64 * 1024;
        private static final int MAX_WHOLE = 16 * 1024 * 1024;

        private final ResponseInfo info;
        private final ChatRequest.Dialect dialect;
        private final CompletableFuture<Void> done = new CompletableFuture<>();
        private final ChatChunks chunks = new ChatChunks(this::tell);
        private final SseReader events = new SseReader(this::event);
        private final boolean streams;
        private final boolean isEventStream;
        private final Collected collected;
        private volatile Flow.@Nullable Subscription subscription;
        private volatile @Nullable FinishReason said;
        private boolean over;
        private boolean heard;

        Attempt(ResponseInfo info, ChatRequest.Dialect dialect) {
            this.info = info;
            this.dialect = dialect;
            String type = info.headers().firstValue("content-type").orElse("").toLowerCase(Locale.ROOT);
            boolean plain = info.headers()
                    .firstValue("content-encoding")
                    .map(each -> each.isBlank() || each.equalsIgnoreCase("identity"))
                    .orElse(true);
            this.streams = info.statusCode() / 100 == 2 && plain && !type.contains("html") && !type.contains("json");
            this.isEventStream = type.isEmpty() || type.contains("event-stream");
            this.collected = new Collected(info.statusCode() / 100 == 2 ? MAX_WHOLE : MAX_ERROR);
        }

        @Override
        public CompletableFuture<Void> getBody() {
            return done;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            if (observer.ended()) {
                close();
            } else {
                given.request(1);
            }
        }

        void close() {
            Flow.Subscription open = subscription;
            if (open != null) {
                open.cancel();
            }
            done.complete(null);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            lastSign = System.nanoTime();
            if (over) {
                more();
                return;
            }
            try {
                for (ByteBuffer buffer : buffers) {
                    boolean more = streams ? events.read(buffer) : collected.add(buffer);
                    if (!more) {
                        over = true;
                        break;
                    }
                }
                if (over && !streams) {
                    close();
                    whole();
                }
            } catch (SseReader.TooLongException e) {
                over = true;
                close();
                failed(Failure.malformed(subject.base() + " sends " + e.getMessage()));
            } catch (RuntimeException e) {
                over = true;
                close();
                failed(Failure.malformed("The answer cannot be read: " + subject.words(e.toString())));
            }
            more();
        }

        private void more() {
            Flow.Subscription open = subscription;
            if (open != null) {
                open.request(1);
            }
        }

        @Override
        public void onError(Throwable thrown) {
            if (!over) {
                over = true;
                FinishReason reason = chunks.finish();
                if (reason != null) {
                    finish(reason, this);
                } else {
                    failed(Failure.ofIo(
                            subject, thrown instanceof IOException ? thrown : new IOException(thrown), delivered));
                }
            }
            finishIfSaid();
            done.complete(null);
        }

        @Override
        public void onComplete() {
            if (!over) {
                over = true;
                if (streams) {
                    ended();
                } else {
                    whole();
                }
            }
            finishIfSaid();
            done.complete(null);
        }

        /** The server is done. Its end of the answer follows at once, or never. */
        private void saidDone(FinishReason reason) {
            said = reason;
            try {
                client.later(() -> finish(reason, this), TAIL);
            } catch (RejectedExecutionException e) {
                finish(reason, this);
            }
        }

        private void finishIfSaid() {
            FinishReason reason = said;
            if (reason != null) {
                finish(reason, this);
            }
        }

        /** The stream ended without saying that it is done. */
        private void ended() {
            FinishReason reason = chunks.finish();
            if (events.rest().strip().equals("[DONE]")) {
                finish(reason == null ? FinishReason.STOP : reason, this);
            } else if (reason != null) {
                finish(reason, this);
            } else if (heard || isEventStream) {
                failed(Failure.dropped());
            } else {
                failed(Failure.malformed(subject.base() + " answers with something else than an event stream"));
            }
        }

        private void tell(ModelDelta delta) {
            delivered = true;
            observer.delta(delta);
        }

        private boolean event(String type, String data) {
            if (observer.ended()) {
                return false;
            }
            heard = true;
            String text = data.strip();
            if (text.equals("[DONE]")) {
                saidDone(chunks.finish() == null ? FinishReason.STOP : chunks.finish());
                return false;
            }
            if (!type.equals("message") && !type.equals("error")) {
                return true; // no server of ours to obey: what we do not know is ignored
            }
            JsonNode chunk;
            try {
                chunk = Json.MAPPER.readTree(text);
            } catch (JsonProcessingException e) {
                failed(Failure.malformed(subject.base() + " sends an event that is no JSON: "
                        + subject.words(text.substring(0, Math.min(100, text.length())))));
                return false;
            }
            return chunk == null || chunk(type, chunk);
        }

        private boolean chunk(String type, JsonNode chunk) {
            if (chunk.hasNonNull("error") || (type.equals("error") && chunk.isObject())) {
                JsonNode error = chunk.hasNonNull("error") ? chunk.get("error") : chunk;
                failed(Failure.ofError(subject, 0, error, request.model(), null));
                return false;
            }
            chunks.read(chunk);
            if (chunks.finish() != null && patience != GRACE) {
                patience = GRACE;
                watch(GRACE);
            }
            return true;
        }

        /** Everything has arrived of an answer that is no stream. */
        private void whole() {
            String body = collected.text();
            if (info.statusCode() / 100 != 2) {
                ChatRequest.Dialect other = dialect.after(info.statusCode(), body);
                if (other != null && dialects < (request.tools().isEmpty() ? 2 : 3)) {
                    dialects++;
                    client.learned(other);
                    again(Duration.ZERO);
                } else {
                    failed(Failure.ofStatus(subject, info.statusCode(), info.headers(), body, request.model()));
                }
                return;
            }
            JsonNode completion = MissingNode.getInstance();
            try {
                completion = Json.MAPPER.readTree(body);
            } catch (JsonProcessingException e) {
                // An HTML page, or anything else that is no completion.
            }
            if (completion == null || (!completion.has("choices") && !completion.has("error"))) {
                failed(Failure.malformed(subject.base() + " answers with "
                        + (body.stripLeading().startsWith("<")
                                ? "an HTML page"
                                : "something else than a chat completion")));
            } else if (chunk("message", completion)) {
                finish(chunks.finish() == null ? FinishReason.STOP : chunks.finish(), this);
            }
        }
    }
}
