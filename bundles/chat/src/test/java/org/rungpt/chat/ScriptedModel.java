package org.rungpt.chat;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
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

/** A connection whose answers a test writes. */
final class ScriptedModel implements ModelConnection {
    /** One answer in the making. */
    static final class Answer implements ModelStream {
        final ModelRequest request;
        /** What it says that the request had. */
        long counted = 10;
        /** What it says that its answer has. */
        long wrote = 5;

        private final ModelObserver observer;
        private final AtomicBoolean ended = new AtomicBoolean();
        private final CountDownLatch cancelled = new CountDownLatch(1);

        Answer(ModelRequest request, ModelObserver observer) {
            this.request = request;
            this.observer = observer;
        }

        Answer say(String text) {
            if (!ended.get()) {
                observer.delta(new ModelDelta.Text(text));
            }
            return this;
        }

        Answer think(String text) {
            observer.delta(new ModelDelta.Reasoning(text));
            return this;
        }

        /** A call of the API's own. */
        Answer call(String id, String name, String arguments) {
            observer.delta(new ModelDelta.ToolCall(0, id, name, arguments));
            return this;
        }

        void end() {
            end(FinishReason.STOP);
        }

        void end(FinishReason reason) {
            if (ended.compareAndSet(false, true)) {
                observer.finished(reason, new Usage(counted, wrote, false));
            }
        }

        /** Without a word of what it took. */
        void endUncounted() {
            if (ended.compareAndSet(false, true)) {
                observer.finished(FinishReason.STOP, null);
            }
        }

        void fail(ModelException.Kind kind) {
            if (ended.compareAndSet(false, true)) {
                observer.failed(new ModelException(kind, "it failed", "do something"));
            }
        }

        /** The last message of the request. */
        String asked() {
            return request.messages().get(request.messages().size() - 1).text();
        }

        boolean awaitCancel() throws InterruptedException {
            return cancelled.await(25, TimeUnit.SECONDS);
        }

        @Override
        public void cancel() {
            cancelled.countDown();
            end(FinishReason.CANCELLED);
        }
    }

    final LinkedBlockingQueue<Answer> asked = new LinkedBlockingQueue<>();

    private final Executor executor;
    private volatile BiConsumer<Integer, Answer> script;
    volatile ModelInfo info = new ModelInfo("one", "One", null, false);
    private int count;

    /** @param executor where the script runs */
    ScriptedModel(Executor executor) {
        this.executor = executor;
    }

    /** What it does when it is asked for the nth time, from 1; without a script the test answers what it takes from {@link #next}. */
    ScriptedModel script(BiConsumer<Integer, Answer> answers) {
        script = answers;
        return this;
    }

    Answer next() throws InterruptedException {
        Answer answer = asked.poll(25, TimeUnit.SECONDS);
        if (answer == null) {
            throw new AssertionError("the model was not asked");
        }
        return answer;
    }

    @Override
    public String name() {
        return "test";
    }

    @Override
    public String title() {
        return "Test";
    }

    @Override
    public Readiness readiness() {
        return Readiness.ready("here");
    }

    @Override
    public List<ModelInfo> models() {
        return List.of(info, new ModelInfo("two", "Two", null, false), new ModelInfo("other", "Other", null, false));
    }

    @Override
    public CompletionStage<List<ModelInfo>> refresh() {
        return CompletableFuture.completedFuture(models());
    }

    @Override
    public synchronized ModelStream stream(ModelRequest request, ModelObserver observer) {
        var answer = new Answer(request, observer);
        int number = ++count;
        if (info.contextTokens() != null) {
            answer.counted = Tokens.of(request.messages());
        }
        BiConsumer<Integer, Answer> answers = script;
        asked.add(answer);
        if (answers != null) {
            executor.execute(() -> answers.accept(number, answer));
        }
        return answer;
    }
}
