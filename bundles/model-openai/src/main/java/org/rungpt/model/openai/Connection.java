package org.rungpt.model.openai;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelException.Kind;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.ModelObserver;
import org.rungpt.api.model.ModelPassage;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.ModelStream;
import org.rungpt.api.model.Usage;
import org.rungpt.api.status.Readiness;

/**
 * A connection whose settings can change while answers stream: those go on as they began, the next request uses the new ones. Knows
 * the models from the last time it asked, and by the last word of the server whether it can be used. Looks again by itself after a failure.
 */
final class Connection implements ModelConnection, AutoCloseable {
    private static final Duration AGAIN = Duration.ofSeconds(15);
    private static final Duration STALE = Duration.ofMinutes(10);

    private final Keys keys;
    private final @Nullable LocalFacts local;
    private final OpenAiClient client;
    private final AtomicReference<@Nullable CompletableFuture<List<ModelInfo>>> asking = new AtomicReference<>();
    private final AtomicInteger changes = new AtomicInteger();
    private volatile Settings settings;
    private volatile @Nullable Boolean hasKey;
    private volatile List<ModelInfo> listed = List.of();
    private volatile @Nullable ModelException trouble;
    private volatile long asked;
    private volatile boolean everAsked;

    Connection(Settings settings, Keys keys, Retry retry) {
        this(settings, keys, retry, null);
    }

    /** @param local knows what the server says of its models beside the list; null for one that is asked for the list only */
    Connection(Settings settings, Keys keys, Retry retry, @Nullable LocalFacts local) {
        this.settings = settings;
        this.local = local;
        this.keys = keys;
        this.client = new OpenAiClient(settings.name(), this::server, settings.connectTimeout(), retry);
    }

    /** Other settings, from the next request on. */
    void change(Settings changed) {
        boolean moved = !changed.base().equals(settings.base());
        settings = changed;
        if (moved) {
            listed = List.of();
        }
        keyMayHaveChanged();
    }

    /** What is known of the server is asked anew. */
    void keyMayHaveChanged() {
        changes.incrementAndGet();
        hasKey = null;
        trouble = null;
        refreshSilently();
    }

    private OpenAiClient.Server server() {
        Settings now = settings;
        return new OpenAiClient.Server(now.base(), now.headers(), () -> key(now), now.timeouts());
    }

    private @Nullable String key(Settings now) throws ModelException {
        String key = keys.find(now).map(Keys.Found::key).orElse(null);
        hasKey = key != null;
        if (key == null && now.base().isOpenAi()) {
            throw noKey(now);
        }
        return key;
    }

    private static ModelException noKey(Settings now) {
        return new ModelException(Kind.AUTHENTICATION, "There is no key for " + now.title(), remedy(now));
    }

    private static String remedy(Settings now) {
        return now.name().equals(Settings.ENVIRONMENT_NAME)
                ? "Paste a key in Settings or set " + Settings.KEY_VARIABLE + "."
                : "Paste a key in Settings, connection " + now.name() + ".";
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public String title() {
        return settings.title();
    }

    @Override
    public Readiness readiness() {
        lookAgain();
        Settings now = settings;
        ModelException last = trouble;
        if (last != null) {
            return Readiness.unready(String.valueOf(last.getMessage()), last.remedy());
        }
        if (now.base().isOpenAi() && !Boolean.TRUE.equals(hasKey)) {
            return hasKey == null
                    ? Readiness.unready("Looking for the key of " + now.title(), remedy(now))
                    : Readiness.unready("There is no key for " + now.title(), remedy(now));
        }
        int count = offered().size();
        return Readiness.ready(now.base() + (count == 0 ? "" : count == 1 ? ", 1 model" : ", " + count + " models"));
    }

    @Override
    public List<ModelInfo> models() {
        lookAgain();
        return offered();
    }

    private List<ModelInfo> offered() {
        return settings.facts().of(listed);
    }

    @Override
    public Optional<String> protocol() {
        return Optional.of(settings.facts().protocol()).filter(id -> !id.isEmpty());
    }

    private void lookAgain() {
        long age = System.nanoTime() - asked;
        if (!everAsked || age > (trouble != null || listed.isEmpty() ? AGAIN : STALE).toNanos()) {
            refreshSilently();
        }
    }

    /** Asks in the background; what comes of it shows in {@link #readiness()}. */
    void refreshSilently() {
        refresh().exceptionally(known -> List.of());
    }

    @Override
    public CompletionStage<List<ModelInfo>> refresh() {
        var mine = new CompletableFuture<List<ModelInfo>>();
        CompletableFuture<List<ModelInfo>> other = asking.compareAndExchange(null, mine);
        if (other != null) {
            return other.copy();
        }
        asked = System.nanoTime();
        everAsked = true;
        int before = changes.get();
        client.models().thenApplyAsync(this::withFacts, client::execute).whenComplete((list, thrown) -> {
            asking.set(null);
            if (before != changes.get()) {
                refreshSilently(); // what came is about another server or key
            } else if (thrown == null) {
                listed = list;
                trouble = null;
            } else {
                trouble = asModelException(thrown);
            }
            if (thrown == null) {
                mine.complete(offered());
            } else {
                mine.completeExceptionally(asModelException(thrown));
            }
        });
        return mine.copy();
    }

    private List<ModelInfo> withFacts(List<ModelInfo> list) {
        LocalFacts facts = local;
        if (facts == null) {
            return list;
        }
        try {
            return facts.of(settings.base(), list);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return list;
        }
    }

    private static ModelException asModelException(Throwable thrown) {
        Throwable cause = thrown;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause instanceof ModelException known
                ? known
                : new ModelException(
                        Kind.MALFORMED, "The models cannot be read: " + Redaction.plain(cause.toString(), 200), null);
    }

    @Override
    public ModelStream stream(ModelRequest request, ModelObserver observer) {
        return client.stream(request, new Listening(observer));
    }

    @Override
    public Optional<ModelPassage> passage() {
        return Optional.of(request -> Passage.pass(client, request));
    }

    @Override
    public void close() {
        client.close();
    }

    /** Learns from every answer whether the server can be used. */
    private final class Listening implements ModelObserver {
        private final ModelObserver observer;
        private final Settings used = settings;

        Listening(ModelObserver observer) {
            this.observer = observer;
        }

        @Override
        public void delta(ModelDelta delta) {
            observer.delta(delta);
        }

        @Override
        public void retrying(int attempt, Duration wait, String reason) {
            observer.retrying(attempt, wait, reason);
        }

        @Override
        public void finished(FinishReason reason, @Nullable Usage usage) {
            if (reason != FinishReason.CANCELLED && used == settings) {
                trouble = null;
            }
            if (local != null && local.isProvisional()) {
                refreshSilently(); // it is loaded now
            }
            observer.finished(reason, usage);
        }

        @Override
        public void failed(ModelException error) {
            boolean lasting = error.kind() == Kind.AUTHENTICATION
                    || error.kind() == Kind.UNREACHABLE
                    || error.kind() == Kind.BILLING;
            if (lasting && used == settings) {
                trouble = error;
                asked = System.nanoTime();
            }
            observer.failed(error);
        }
    }
}
