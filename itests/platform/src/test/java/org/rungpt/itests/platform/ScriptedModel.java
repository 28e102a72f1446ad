package org.rungpt.itests.platform;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiConsumer;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.ModelObserver;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.ModelStream;
import org.rungpt.api.status.Readiness;

/** A model whose answers a test gives, as a service of the test's own. */
final class ScriptedModel implements ModelConnection, AutoCloseable {
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private volatile BiConsumer<ModelRequest, ModelObserver> script = (request, observer) -> {};

    void script(BiConsumer<ModelRequest, ModelObserver> next) {
        script = next;
    }

    static void say(ModelObserver observer, String text) {
        observer.delta(new ModelDelta.Text(text));
        observer.finished(FinishReason.STOP, null);
    }

    /** The nonce, read from the system message as a model does. */
    static String nonce(ModelRequest request) {
        String system = request.messages().get(0).text();
        int at = system.indexOf("<run-") + 5;
        return system.substring(at, system.indexOf(' ', at));
    }

    static String shellCall(ModelRequest request, String id, String command) {
        String tag = "run-" + nonce(request);
        return "\n<" + tag + " action=\"system.shell\" id=\"" + id + "\">\n<arg name=\"command\">" + command
                + "</arg>\n</" + tag + ">\n";
    }

    static String last(ModelRequest request) {
        return request.messages().get(request.messages().size() - 1).text();
    }

    @Override
    public String name() {
        return "scripted";
    }

    @Override
    public String title() {
        return "Scripted";
    }

    @Override
    public Readiness readiness() {
        return Readiness.ready("scripted by a test");
    }

    @Override
    public List<ModelInfo> models() {
        return List.of(new ModelInfo("model", "Scripted", null, false));
    }

    @Override
    public CompletionStage<List<ModelInfo>> refresh() {
        return CompletableFuture.completedFuture(models());
    }

    @Override
    public ModelStream stream(ModelRequest request, ModelObserver observer) {
        boolean[] ended = new boolean[1];
        ModelObserver once = new ModelObserver() {
            @Override
            public void delta(ModelDelta delta) {
                synchronized (ended) {
                    if (!ended[0]) {
                        observer.delta(delta);
                    }
                }
            }

            @Override
            public void finished(FinishReason reason, org.rungpt.api.model.Usage usage) {
                synchronized (ended) {
                    if (!ended[0]) {
                        ended[0] = true;
                        observer.finished(reason, usage);
                    }
                }
            }

            @Override
            public void failed(org.rungpt.api.model.ModelException error) {
                synchronized (ended) {
                    if (!ended[0]) {
                        ended[0] = true;
                        observer.failed(error);
                    }
                }
            }
        };
        threads.execute(() -> script.accept(request, once));
        return () -> threads.execute(() -> once.finished(FinishReason.CANCELLED, null));
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
