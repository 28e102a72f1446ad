package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.ModelObserver;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.ModelStream;
import org.rungpt.api.status.Readiness;

/** The contract passes what keeps it and finds each promise that is broken. */
final class ModelConnectionContractTest {
    private static Supplier<Sound> make;
    private static Duration patience;

    static final class Case extends ModelConnectionContract {
        private final Sound connection = make.get();

        @AfterEach
        void end() {
            connection.stop();
            connection.threads.shutdownNow();
        }

        private static ModelRequest request(String model) {
            return new ModelRequest(model, List.of(), List.of());
        }

        @Override
        protected Duration patience() {
            return patience;
        }

        @Override
        protected ModelConnection connection() {
            return connection;
        }

        @Override
        protected ModelRequest answered() {
            return request("short");
        }

        @Override
        protected ModelRequest endless() {
            return request("endless");
        }

        @Override
        protected ModelRequest failing() {
            return request("none");
        }

        @Override
        protected void stop() {
            connection.stop();
        }
    }

    @Test
    void passesAConnectionThatKeepsTheContract() {
        make = Sound::new;
        patience = Duration.ofSeconds(20);
        assertThat(ContractRun.failures(Case.class)).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("broken")
    void findsABrokenConnection(String defect, Supplier<Sound> broken, String test) {
        make = broken;
        patience = Duration.ofMillis(500);
        assertThat(ContractRun.failures(Case.class)).as(defect).contains(test + "()");
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                broken("has a name that no id can begin with", BadName::new, "hasANameThatModelIdsCanBeginWith"),
                broken("lists a model twice", Doubled::new, "knowsItsModelsAfterARefresh"),
                broken("ends again at each cancel", TwoEnds::new, "cancelEndsItOnce"),
                broken("tells it in one piece", OnePiece::new, "tellsTheAnswerPieceByPieceAndThenItsEndOnce"),
                broken("throws", Throws::new, "tellsAFailureOnceAndNeverThrows"),
                broken("streams in the caller's thread", InCaller::new, "returnsBeforeTheListenerIsDone"),
                broken("does not hear a cancel", Deaf::new, "cancelEndsItOnce"),
                broken("ends inside a piece", EndsInside::new, "canBeCancelledByItsListener"),
                broken("answers one at a time", OneAtATime::new, "answersStreamSideBySide"),
                broken("is silent when stopped", Silent::new, "aStopEndsWhatStreamsSoThatTheSuccessorCanBeAsked"));
    }

    private static Arguments broken(String defect, Supplier<Sound> connection, String test) {
        return Arguments.of(defect, connection, test);
    }

    /** Keeps the contract. */
    private static class Sound implements ModelConnection {
        final ExecutorService threads = threads();
        volatile boolean stopped;

        ExecutorService threads() {
            return Executors.newCachedThreadPool();
        }

        Answer answer(ModelRequest request, ModelObserver observer) {
            return new Answer(this, request, observer);
        }

        void stop() {
            stopped = true;
        }

        @Override
        public String name() {
            return "sound";
        }

        @Override
        public String title() {
            return "Sound";
        }

        @Override
        public Readiness readiness() {
            return Readiness.ready("here");
        }

        @Override
        public List<ModelInfo> models() {
            return List.of(new ModelInfo("short", "Short", null, false));
        }

        @Override
        public CompletionStage<List<ModelInfo>> refresh() {
            return CompletableFuture.completedFuture(models());
        }

        @Override
        public ModelStream stream(ModelRequest request, ModelObserver observer) {
            Answer answer = answer(request, observer);
            threads.execute(answer);
            return answer;
        }
    }

    private static class Answer implements ModelStream, Runnable {
        final Sound connection;
        final ModelRequest request;
        final ModelObserver observer;
        volatile boolean cancelled;

        Answer(Sound connection, ModelRequest request, ModelObserver observer) {
            this.connection = connection;
            this.request = request;
            this.observer = observer;
        }

        @Override
        public void run() {
            if (connection.stopped) {
                stopped();
                return;
            }
            if (request.model().equals("none")) {
                observer.failed(new ModelException(ModelException.Kind.NOT_FOUND, "no such model", null));
                return;
            }
            long pieces = request.model().equals("endless") ? Long.MAX_VALUE : 3;
            for (long i = 0; i < pieces; i++) {
                if (cancelled) {
                    observer.finished(FinishReason.CANCELLED, null);
                    return;
                }
                if (connection.stopped) {
                    stopped();
                    return;
                }
                observer.delta(new ModelDelta.Text("x"));
                LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(200));
            }
            finished();
        }

        void stopped() {
            observer.failed(new ModelException(ModelException.Kind.BACKEND_STOPPED, "stopped", null));
        }

        void finished() {
            observer.finished(FinishReason.STOP, null);
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    private static final class BadName extends Sound {
        @Override
        public String name() {
            return "Open/AI";
        }
    }

    private static final class Doubled extends Sound {
        @Override
        public List<ModelInfo> models() {
            return List.of(super.models().get(0), super.models().get(0));
        }
    }

    private static final class TwoEnds extends Sound {
        @Override
        Answer answer(ModelRequest request, ModelObserver observer) {
            return new Answer(this, request, observer) {
                @Override
                public void cancel() {
                    if (cancelled) {
                        observer.finished(FinishReason.CANCELLED, null);
                    }
                    super.cancel();
                }
            };
        }
    }

    private static final class OnePiece extends Sound {
        @Override
        Answer answer(ModelRequest request, ModelObserver observer) {
            return new Answer(this, request, observer) {
                @Override
                public void run() {
                    observer.delta(new ModelDelta.Text("xxx"));
                    finished();
                }
            };
        }
    }

    private static final class Throws extends Sound {
        @Override
        public ModelStream stream(ModelRequest request, ModelObserver observer) {
            if (request.model().equals("none")) {
                throw new IllegalArgumentException("no such model");
            }
            return super.stream(request, observer);
        }
    }

    private static final class InCaller extends Sound {
        @Override
        public ModelStream stream(ModelRequest request, ModelObserver observer) {
            if (request.model().equals("endless")) {
                return super.stream(request, observer);
            }
            Answer answer = answer(request, observer);
            answer.run();
            return answer;
        }
    }

    private static final class Deaf extends Sound {
        @Override
        Answer answer(ModelRequest request, ModelObserver observer) {
            return new Answer(this, request, observer) {
                @Override
                public void cancel() {}
            };
        }
    }

    private static final class EndsInside extends Sound {
        @Override
        Answer answer(ModelRequest request, ModelObserver observer) {
            return new Answer(this, request, observer) {
                @Override
                public void cancel() {
                    observer.finished(FinishReason.CANCELLED, null);
                    super.cancel();
                }
            };
        }
    }

    private static final class OneAtATime extends Sound {
        @Override
        ExecutorService threads() {
            return Executors.newSingleThreadExecutor();
        }
    }

    private static final class Silent extends Sound {
        @Override
        Answer answer(ModelRequest request, ModelObserver observer) {
            return new Answer(this, request, observer) {
                @Override
                void stopped() {}
            };
        }
    }
}
