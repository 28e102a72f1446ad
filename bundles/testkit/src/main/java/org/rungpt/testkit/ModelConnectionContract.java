package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.ModelObserver;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.ModelStream;
import org.rungpt.api.model.Usage;

/** What every {@link ModelConnection} does. */
public abstract class ModelConnectionContract {
    /** A connection that is ready. */
    protected abstract ModelConnection connection() throws Exception;

    /** A request that is answered with at least three pieces of text, over in a few seconds at most. */
    protected abstract ModelRequest answered();

    /** A request whose answer begins and then goes on for longer than a test. */
    protected abstract ModelRequest endless();

    /** A request that fails, for example because there is no such model. */
    protected abstract ModelRequest failing();

    /** How long anything may take. */
    protected Duration patience() {
        return Duration.ofSeconds(60);
    }

    /** Ends the connection as a stop of its bundle would. */
    protected abstract void stop() throws Exception;

    @Test
    void hasANameThatModelIdsCanBeginWith() throws Exception {
        assertThat(connection().name()).matches("[a-z][a-z0-9-]{0,30}");
        assertThat(connection().title()).isNotBlank();
    }

    @Test
    void knowsItsModelsAfterARefresh() throws Exception {
        List<ModelInfo> models =
                connection().refresh().toCompletableFuture().get(patience().toMillis(), TimeUnit.MILLISECONDS);

        assertThat(models).isNotEmpty().extracting(ModelInfo::id).doesNotHaveDuplicates();
        assertThat(connection().models()).isEqualTo(models);
        assertThat(connection().readiness().ready()).isTrue();
    }

    @Test
    void tellsTheAnswerPieceByPieceAndThenItsEndOnce() throws Exception {
        var heard = new Heard();
        connection().stream(answered(), heard);

        assertThat(heard.finish()).isIn(FinishReason.STOP, FinishReason.LENGTH);
        assertThat(heard.deltas).hasSizeGreaterThanOrEqualTo(3);
    }

    @Test
    void tellsAFailureOnceAndNeverThrows() throws Exception {
        var heard = new Heard();
        connection().stream(failing(), heard);

        assertThat(heard.error().getMessage()).isNotBlank().doesNotContain("\n");
        assertThat(heard.deltas).isEmpty();
    }

    @Test
    void returnsBeforeTheListenerIsDone() throws Exception {
        var release = new CountDownLatch(1);
        var heard = new Heard() {
            @Override
            void piece() {
                await(release);
            }
        };
        connection().stream(answered(), heard);
        release.countDown();

        heard.finish();
    }

    @Test
    void cancelEndsItOnce() throws Exception {
        var heard = new Heard();
        ModelStream stream = connection().stream(endless(), heard);
        heard.awaitFirst();
        stream.cancel();
        stream.cancel();

        assertThat(heard.finish()).isEqualTo(FinishReason.CANCELLED);
        stream.cancel();
        heard.finish();
    }

    @Test
    void canBeCancelledByItsListener() throws Exception {
        var stream = new CompletableFuture<ModelStream>();
        var heard = new Heard() {
            @Override
            void piece() {
                stream.join().cancel();
            }
        };
        stream.complete(connection().stream(endless(), heard));

        assertThat(heard.finish()).isEqualTo(FinishReason.CANCELLED);
        assertThat(heard.deltas).hasSize(1);
    }

    @Test
    void answersStreamSideBySide() throws Exception {
        var first = new Heard();
        var second = new Heard();
        ModelStream endless = connection().stream(endless(), first);
        first.awaitFirst();
        connection().stream(answered(), second);

        assertThat(second.finish()).isIn(FinishReason.STOP, FinishReason.LENGTH);
        endless.cancel();
        first.finish();
    }

    @Test
    void aStopEndsWhatStreamsSoThatTheSuccessorCanBeAsked() throws Exception {
        var streaming = new Heard();
        connection().stream(endless(), streaming);
        streaming.awaitFirst();
        stop();
        var late = new Heard();
        connection().stream(answered(), late);

        assertThat(streaming.error().kind()).isEqualTo(ModelException.Kind.BACKEND_STOPPED);
        assertThat(late.error().kind()).isEqualTo(ModelException.Kind.BACKEND_STOPPED);
    }

    private void await(CountDownLatch latch) {
        try {
            if (!latch.await(patience().toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("stream() waits for its listener");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Hears an answer and whether it is told as promised. */
    private class Heard implements ModelObserver {
        final List<ModelDelta> deltas = new CopyOnWriteArrayList<>();
        private final CountDownLatch first = new CountDownLatch(1);
        private final CompletableFuture<Object> end = new CompletableFuture<>();
        private final AtomicInteger inside = new AtomicInteger();
        private volatile String broken = "";

        void piece() {}

        @Override
        public final void delta(ModelDelta delta) {
            if (inside.getAndIncrement() != 0) {
                broken = "two calls at a time";
            }
            if (end.isDone()) {
                broken = "a piece after the end";
            }
            deltas.add(delta);
            piece();
            inside.decrementAndGet();
            first.countDown();
        }

        @Override
        public final void finished(FinishReason reason, @Nullable Usage usage) {
            end(reason);
        }

        @Override
        public final void failed(ModelException error) {
            end(error);
        }

        private void end(Object how) {
            if (inside.get() != 0) {
                broken = "the end inside a piece";
            }
            if (!end.complete(how)) {
                broken = "two ends";
            }
        }

        void awaitFirst() throws InterruptedException {
            assertThat(first.await(patience().toMillis(), TimeUnit.MILLISECONDS))
                    .as("a first piece")
                    .isTrue();
        }

        FinishReason finish() throws InterruptedException, ExecutionException, TimeoutException {
            Object how = end.get(patience().toMillis(), TimeUnit.MILLISECONDS);
            assertThat(broken).isEmpty();
            assertThat(how).isInstanceOf(FinishReason.class);
            return (FinishReason) how;
        }

        ModelException error() throws InterruptedException, ExecutionException, TimeoutException {
            Object how = end.get(patience().toMillis(), TimeUnit.MILLISECONDS);
            assertThat(broken).isEmpty();
            assertThat(how).isInstanceOf(ModelException.class);
            return (ModelException) how;
        }
    }
}
