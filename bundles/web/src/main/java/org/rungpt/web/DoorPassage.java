package org.rungpt.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelPassage;

/**
 * Passes a request on to a model's server as it is and its answer back, as fast as the caller takes it. No action, no conversation:
 * RunGPT adds the key and nothing else. Asked for by {@code plain:} before the model.
 */
final class DoorPassage {
    static final String PREFIX = "plain:";

    private final Services services;
    private final DoorTurns threads;

    DoorPassage(Services services, DoorTurns threads) {
        this.services = services;
        this.threads = threads;
    }

    /**
     * @param model full id of the model; null for the one that new conversations get
     * @param body the request; its model is replaced by the server's own name of it
     */
    void pass(HttpServletRequest request, byte[] body, @Nullable String model) throws ApiException {
        Conversations conversations = services.conversations();
        String full = model == null ? conversations.defaultModel().orElse("") : model;
        int slash = full.indexOf('/');
        String name = slash < 0 ? "" : full.substring(0, slash);
        ModelConnection connection = services.connection(name).orElseThrow(() -> noModel(full));
        ModelPassage passage = connection
                .passage()
                .orElseThrow(() -> ApiException.invalid(
                        "The connection " + name + " has no server that requests can be passed on to."));
        byte[] changed = Json.withText(body, "model", full.substring(slash + 1));
        AsyncContext context = request.startAsync();
        context.setTimeout(0);
        CompletableFuture<ModelPassage.Answer> asked = passage.pass(changed);
        asked.whenComplete((answer, wrong) -> threads.later(() -> {
            if (wrong != null) {
                refuse(context, wrong);
            } else {
                answer(context, answer);
            }
        }));
    }

    static ApiException noModel(String model) {
        return ApiException.noModel(
                "There is no model \"" + Json.printable(model) + "\"; /v1/models lists those that there are.");
    }

    private static void refuse(AsyncContext context, Throwable wrong) {
        Throwable cause = wrong instanceof CompletionException && wrong.getCause() != null ? wrong.getCause() : wrong;
        HttpServletResponse response = (HttpServletResponse) context.getResponse();
        try {
            DoorServlet.write(response, DoorAnswer.status(kind(cause)), error(cause));
        } catch (IOException e) {
            // nobody waits any more
        }
        context.complete();
    }

    private static String kind(Throwable cause) {
        return cause instanceof ModelException known ? known.kind().name() : "server";
    }

    private static ObjectNode error(Throwable cause) {
        String remedy = cause instanceof ModelException known && known.remedy() != null ? " " + known.remedy() : "";
        return DoorAnswer.error(kind(cause), cause.getMessage() + remedy);
    }

    private static void answer(AsyncContext context, ModelPassage.Answer answer) {
        HttpServletResponse response = (HttpServletResponse) context.getResponse();
        response.setStatus(answer.status());
        boolean events = head(response, answer);
        var relay = new Relay(events);
        try {
            relay.client = new EventClient(context, relay::next, relay::cancel);
            relay.client.start();
            answer.body().subscribe(relay);
        } catch (IOException e) {
            relay.cancelled = true;
            answer.body().subscribe(relay);
            context.complete();
        }
    }

    /** @return whether events follow */
    private static boolean head(HttpServletResponse response, ModelPassage.Answer answer) {
        String type = answer.headers().getOrDefault("content-type", "").toLowerCase(Locale.ROOT);
        boolean events = type.startsWith("text/event-stream");
        answer.headers().forEach((name, value) -> {
            if (!name.equals("content-type")) {
                response.setHeader(name, value);
            }
        });
        // What a stranger's server sends is never a page of ours.
        response.setContentType(
                events ? "text/event-stream" : type.startsWith("application/json") ? "application/json" : "text/plain");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", events ? "no-cache, no-transform" : "no-store");
        response.setHeader("X-Accel-Buffering", "no");
        return events;
    }

    /** Asks for more when the caller has taken what came. */
    private static final class Relay implements Flow.Subscriber<List<ByteBuffer>> {
        private final boolean events;
        private final AtomicBoolean waits = new AtomicBoolean();
        private volatile Flow.@Nullable Subscription subscription;
        private volatile @Nullable EventClient client;
        private volatile boolean cancelled;

        Relay(boolean events) {
            this.events = events;
        }

        void next() {
            Flow.Subscription open = subscription;
            if (open != null && waits.compareAndSet(true, false)) {
                open.request(1);
            }
        }

        void cancel() {
            cancelled = true;
            Flow.Subscription open = subscription;
            if (open != null) {
                open.cancel();
            }
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            if (cancelled) {
                given.cancel();
            } else {
                given.request(1);
            }
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            EventClient to = client;
            if (to == null) {
                return;
            }
            waits.set(true);
            for (ByteBuffer buffer : buffers) {
                byte[] bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                to.send(bytes);
            }
            if (to.queuedBytes() == 0) {
                next();
            }
        }

        @Override
        public void onError(Throwable thrown) {
            EventClient to = client;
            if (to != null) {
                if (events) {
                    to.send(DoorAnswer.frame(error(thrown)));
                }
                to.end();
            }
        }

        @Override
        public void onComplete() {
            EventClient to = client;
            if (to != null) {
                to.end();
            }
        }
    }
}
