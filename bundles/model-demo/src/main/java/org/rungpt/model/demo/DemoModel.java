package org.rungpt.model.demo;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.ModelObserver;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.ModelStream;
import org.rungpt.api.model.Usage;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;

/** The connection {@code demo} with its one model. It answers the prompts of {@link Example} and says to all others what it is. */
@Component(
        service = {ModelConnection.class, StatusSource.class},
        configurationPid = "org.rungpt.model.demo",
        property = "name=demo")
@Designate(ocd = DemoModel.Config.class)
public final class DemoModel implements ModelConnection, StatusSource {
    private static final ModelInfo MODEL = new ModelInfo("demo", "Demo (no AI)", null, false);
    private static final Duration LONGEST = Duration.ofMillis(1500);

    /** The configuration. */
    @ObjectClassDefinition(name = "RunGPT: demo model", description = "A scripted model, no AI.")
    @interface Config {
        @AttributeDefinition(name = "Pace", description = "Milliseconds between two words; 0 for no wait")
        int paceMillis() default 25;
    }

    private final Duration pace;
    private final Duration longest;
    private final Set<Telling> streams = ConcurrentHashMap.newKeySet();
    private final ScheduledThreadPoolExecutor executor;
    private volatile boolean closed;

    @Activate
    public DemoModel(Config config) {
        this(Duration.ofMillis(Math.max(0, Math.min(1000, config.paceMillis()))), LONGEST);
    }

    /** @param longest how long one answer may take, however many words it has */
    DemoModel(Duration pace, Duration longest) {
        this.pace = pace;
        this.longest = longest;
        executor = new ScheduledThreadPoolExecutor(1, task -> {
            var thread = new Thread(task, "model-demo");
            thread.setDaemon(true);
            return thread;
        });
        executor.setKeepAliveTime(30, TimeUnit.SECONDS);
        executor.allowCoreThreadTimeOut(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** Ends what is being told, in the thread that tells it. */
    @Deactivate
    void deactivate() {
        if (!closed) {
            closed = true;
            executor.execute(() -> {
                List.copyOf(streams).forEach(Telling::stop);
                executor.shutdown();
            });
        }
    }

    @Override
    public String name() {
        return "demo";
    }

    @Override
    public String id() {
        return "model-demo";
    }

    @Override
    public String title() {
        return "Demo (no AI)";
    }

    @Override
    public Readiness readiness() {
        return Readiness.ready("Scripted examples, no AI");
    }

    @Override
    public List<ModelInfo> models() {
        return List.of(MODEL);
    }

    @Override
    public CompletionStage<List<ModelInfo>> refresh() {
        return CompletableFuture.completedFuture(models());
    }

    @Override
    public ModelStream stream(ModelRequest request, ModelObserver observer) {
        var telling = new Telling(request, observer);
        streams.add(telling);
        if (closed) {
            telling.stop();
            return telling;
        }
        try {
            executor.execute(telling::begin);
        } catch (RejectedExecutionException e) {
            telling.stop(); // it was stopped in this very moment
        }
        return telling;
    }

    /** One answer, told word by word; everything happens in the one thread. */
    private final class Telling implements ModelStream {
        private final ModelRequest request;
        private final ModelObserver observer;
        private List<String> words = List.of();
        private long waitMillis;
        private int next;
        private volatile boolean cancelled;
        private final AtomicBoolean over = new AtomicBoolean();

        Telling(ModelRequest request, ModelObserver observer) {
            this.request = request;
            this.observer = observer;
        }

        void begin() {
            if (over.get() || cancelled) {
                return;
            }
            if (!request.model().equals(MODEL.id())) {
                fail(new ModelException(
                        ModelException.Kind.NOT_FOUND,
                        "The connection demo has only the model demo",
                        "Choose another model."));
            } else {
                words = List.of(Script.answer(Dialogue.of(request.messages())).split("(?<=\\s)(?=\\S)", -1));
                waitMillis = Math.min(pace.toMillis(), longest.toMillis() / words.size());
                tell();
            }
        }

        private void tell() {
            while (!over.get() && !cancelled && next < words.size()) {
                observer.delta(new ModelDelta.Text(words.get(next++)));
                if (waitMillis > 0) {
                    executor.schedule(this::tell, waitMillis, TimeUnit.MILLISECONDS);
                    return;
                }
            }
            if (!cancelled && ended()) {
                observer.finished(FinishReason.STOP, new Usage(tokens(request), next, true));
            }
        }

        private long tokens(ModelRequest asked) {
            return asked.messages().stream()
                    .mapToLong(message -> message.text().length() / 4 + 1)
                    .sum();
        }

        void stop() {
            fail(new ModelException(ModelException.Kind.BACKEND_STOPPED, "The demo model was stopped", "Try again."));
        }

        private void fail(ModelException error) {
            if (ended()) {
                observer.failed(error);
            }
        }

        /** Whether this is the end; false if there was one before. */
        private boolean ended() {
            streams.remove(this);
            return over.compareAndSet(false, true);
        }

        @Override
        public void cancel() {
            cancelled = true;
            try {
                executor.execute(() -> {
                    if (ended()) {
                        observer.finished(FinishReason.CANCELLED, null);
                    }
                });
            } catch (RejectedExecutionException e) {
                // It was stopped, and the observer has heard so.
            }
        }
    }
}
