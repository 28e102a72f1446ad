package org.rungpt.model.openai;

import java.io.IOException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelPassage;

/** One request of another program on its way to the server and back. It is asked once; its reader sets the pace. */
final class Passage implements Flow.Publisher<List<ByteBuffer>>, Flow.Subscriber<List<ByteBuffer>> {
    private static final Set<String> HEADERS = Set.of(
            "content-type", "content-encoding", "retry-after", "retry-after-ms", "x-request-id", "x-should-retry");

    private final OpenAiClient client;
    private final CompletableFuture<ModelPassage.Answer> answer = new CompletableFuture<>();

    private final Object lock = new Object();
    private @Nullable CompletableFuture<?> exchange;
    private Flow.@Nullable Publisher<List<ByteBuffer>> source;
    private Flow.@Nullable Subscription subscription;
    private Flow.@Nullable Subscriber<? super List<ByteBuffer>> reader;
    private @Nullable Future<?> timer;
    private Duration idle = Duration.ofMinutes(1);
    private long lastSign = System.nanoTime();
    private long wanted;
    private boolean over;

    private Passage(OpenAiClient client) {
        this.client = client;
    }

    static CompletableFuture<ModelPassage.Answer> pass(OpenAiClient client, byte[] request) {
        var passage = new Passage(client);
        if (!client.began(passage)) {
            passage.fail(Failure.stopped());
            return passage.answer;
        }
        passage.answer.whenComplete((begun, wrong) -> {
            if (passage.answer.isCancelled()) {
                passage.close();
            }
        });
        try {
            client.execute(() -> passage.send(request));
        } catch (RejectedExecutionException e) {
            passage.fail(Failure.stopped());
        }
        return passage.answer;
    }

    private void send(byte[] request) {
        OpenAiClient.Server server = client.server();
        var keyless = new Failure.Subject(client.name(), server.base(), null);
        try {
            String key = server.key().get();
            var subject = new Failure.Subject(client.name(), server.base(), key);
            HttpRequest http = client.request(server, key, "/chat/completions")
                    .header("Content-Type", "application/json")
                    .header("Accept", "application/json, text/event-stream")
                    .timeout(server.timeouts().firstByte())
                    .POST(HttpRequest.BodyPublishers.ofByteArray(request))
                    .build();
            var sent = client.http().sendAsync(http, HttpResponse.BodyHandlers.ofPublisher());
            synchronized (lock) {
                exchange = sent;
                idle = server.timeouts().idle();
            }
            if (answer.isDone()) {
                close();
            }
            sent.whenComplete((response, thrown) -> {
                if (thrown != null) {
                    fail(Failure.ofIo(subject, thrown, false));
                } else {
                    begin(subject, response);
                }
            });
        } catch (ModelException e) {
            fail(new Failure(e, false, null));
        } catch (RejectedExecutionException e) {
            fail(Failure.stopped());
        } catch (RuntimeException e) {
            fail(Failure.malformed("The request cannot be sent: " + keyless.words(e.getMessage())));
        }
    }

    private void begin(Failure.Subject subject, HttpResponse<Flow.Publisher<List<ByteBuffer>>> response) {
        synchronized (lock) {
            source = response.body();
        }
        int status = response.statusCode();
        // A redirect is not followed, and a refused key is ours: neither concerns the caller's request.
        if (status / 100 == 3 || status == 401 || status == 403) {
            fail(Failure.ofStatus(subject, status, response.headers(), "", "this model"));
        } else if (!answer.complete(new ModelPassage.Answer(status, headers(response.headers()), this))) {
            close();
        }
    }

    private static Map<String, String> headers(HttpHeaders all) {
        Map<String, String> some = new HashMap<>();
        all.map().forEach((name, values) -> {
            String known = name.toLowerCase(Locale.ROOT);
            if (HEADERS.contains(known) || known.startsWith("x-ratelimit-") || known.startsWith("openai-")) {
                some.put(known, values.get(0));
            }
        });
        return some;
    }

    /** Ends it with an error, wherever it is. */
    void fail(Failure failure) {
        Flow.Subscriber<? super List<ByteBuffer>> told;
        synchronized (lock) {
            told = over ? null : reader;
        }
        close();
        if (!answer.completeExceptionally(failure.error()) && told != null) {
            synchronized (this) {
                told.onError(failure.error());
            }
        }
    }

    /** Closes the connection to the server. */
    private void close() {
        CompletableFuture<?> running;
        Flow.Subscription open;
        Flow.Publisher<List<ByteBuffer>> unread;
        synchronized (lock) {
            over = true;
            running = exchange;
            open = subscription;
            unread = open == null ? source : null;
            source = null;
            if (timer != null) {
                timer.cancel(false);
            }
        }
        client.ended(this);
        if (open != null) {
            open.cancel();
        } else if (unread != null) {
            unread.subscribe(this); // to be cancelled at once: a body that nobody asks for keeps its connection
        } else if (running != null) {
            running.cancel(true);
        }
    }

    @Override
    public void subscribe(Flow.Subscriber<? super List<ByteBuffer>> subscriber) {
        Flow.Publisher<List<ByteBuffer>> from;
        synchronized (lock) {
            from = source;
            source = null;
            reader = subscriber;
        }
        if (from == null) {
            subscriber.onSubscribe(new Flow.Subscription() {
                @Override
                public void request(long n) {}

                @Override
                public void cancel() {}
            });
            subscriber.onError(Failure.stopped().error());
        } else {
            from.subscribe(this);
        }
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        Flow.Subscriber<? super List<ByteBuffer>> told;
        synchronized (lock) {
            subscription = given;
            told = over ? null : reader;
        }
        if (told == null) {
            given.cancel();
            return;
        }
        watch(idle);
        told.onSubscribe(new Flow.Subscription() {
            @Override
            public void request(long n) {
                synchronized (lock) {
                    wanted += n;
                    lastSign = System.nanoTime();
                }
                given.request(n);
            }

            @Override
            public void cancel() {
                close();
            }
        });
    }

    /** Looks again when the silence may have become too long. */
    private void watch(Duration in) {
        try {
            Future<?> next = client.later(this::look, in);
            synchronized (lock) {
                timer = next;
                if (over) {
                    next.cancel(false);
                }
            }
        } catch (RejectedExecutionException e) {
            fail(Failure.stopped());
        }
    }

    private void look() {
        Duration left;
        synchronized (lock) {
            // While the reader wants nothing, the silence is its own.
            left = wanted > 0 ? idle.minusNanos(System.nanoTime() - lastSign) : idle;
        }
        if (left.isNegative() || left.isZero()) {
            fail(Failure.idle(idle, true));
        } else {
            watch(left);
        }
    }

    @Override
    public synchronized void onNext(List<ByteBuffer> buffers) {
        Flow.Subscriber<? super List<ByteBuffer>> told;
        synchronized (lock) {
            wanted--;
            lastSign = System.nanoTime();
            told = over ? null : reader;
        }
        if (told != null) {
            told.onNext(buffers);
        }
    }

    @Override
    public void onError(Throwable thrown) {
        var subject = new Failure.Subject(client.name(), client.server().base(), null);
        fail(Failure.ofIo(subject, thrown instanceof IOException ? thrown : new IOException(thrown), true));
    }

    @Override
    public synchronized void onComplete() {
        Flow.Subscriber<? super List<ByteBuffer>> told;
        synchronized (lock) {
            told = over ? null : reader;
            over = true;
            if (timer != null) {
                timer.cancel(false);
            }
        }
        client.ended(this);
        if (told != null) {
            told.onComplete();
        }
    }
}
