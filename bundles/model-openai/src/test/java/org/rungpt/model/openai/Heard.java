package org.rungpt.model.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelObserver;
import org.rungpt.api.model.Usage;

/** Records everything that an observer hears, and that it hears it as promised. */
class Heard implements ModelObserver {
    final List<ModelDelta> deltas = new CopyOnWriteArrayList<>();
    final List<Duration> waits = new CopyOnWriteArrayList<>();
    final CountDownLatch first = new CountDownLatch(1);
    final CountDownLatch waiting = new CountDownLatch(1);
    private final CompletableFuture<Object> end = new CompletableFuture<>();
    private final AtomicInteger inside = new AtomicInteger();
    volatile String broken = "";
    volatile Usage usage;

    private void enter() {
        if (inside.getAndIncrement() != 0) {
            broken = "two calls at a time";
        }
        if (end.isDone()) {
            broken = "a call after the end";
        }
    }

    @Override
    public void delta(ModelDelta delta) {
        enter();
        deltas.add(delta);
        first.countDown();
        inside.decrementAndGet();
    }

    @Override
    public void retrying(int attempt, Duration wait, String reason) {
        enter();
        waits.add(wait);
        waiting.countDown();
        inside.decrementAndGet();
    }

    @Override
    public void finished(FinishReason reason, Usage counted) {
        enter();
        usage = counted;
        inside.decrementAndGet();
        end.complete(reason);
    }

    @Override
    public void failed(ModelException error) {
        enter();
        inside.decrementAndGet();
        end.complete(error);
    }

    private Object end() throws Exception {
        Object ended = end.get(25, TimeUnit.SECONDS);
        assertThat(broken).isEmpty();
        return ended;
    }

    FinishReason finish() throws Exception {
        Object ended = end();
        assertThat(ended).isInstanceOf(FinishReason.class);
        return (FinishReason) ended;
    }

    ModelException error() throws Exception {
        Object ended = end();
        assertThat(ended).isInstanceOf(ModelException.class);
        return (ModelException) ended;
    }

    void awaitFirst() throws Exception {
        assertThat(first.await(25, TimeUnit.SECONDS)).isTrue();
    }

    String text() {
        var text = new StringBuilder();
        for (ModelDelta delta : deltas) {
            if (delta instanceof ModelDelta.Text piece) {
                text.append(piece.text());
            }
        }
        return text.toString();
    }
}
