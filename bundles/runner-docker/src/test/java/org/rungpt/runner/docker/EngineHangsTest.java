package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.NotFoundException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is asked of an engine that takes a request and never answers. */
final class EngineHangsTest {
    private static final Duration PATIENCE = Duration.ofMillis(300);
    /** In time, also on a machine that stands still for a while. */
    private static final Duration SOON = Duration.ofSeconds(30);

    /** More than it may have connections. */
    private static final int MANY = 20;

    private static final String HALF = FakeEngine.http(201, "{\"Id\":\"0123\"}").replaceFirst("\"0123\"}", "");

    @TempDir
    Path directory;

    private final ExecutorService threads = Executors.newFixedThreadPool(MANY);

    @AfterEach
    void end() {
        threads.shutdownNow();
    }

    static Stream<Arguments> requests() {
        Map<String, Consumer<DockerClient>> requests = Map.of(
                "create", docker -> docker.createContainerCmd("image").exec(),
                "start", docker -> docker.startContainerCmd("container").exec(),
                "inspect", docker -> docker.inspectContainerCmd("container").exec(),
                "remove", docker -> docker.removeContainerCmd("container").exec(),
                "volume", docker -> docker.createVolumeCmd().withName("volume").exec());
        return requests.entrySet().stream().flatMap(request -> Stream.of(FakeEngine.SILENCE, HALF)
                .map(answer -> Arguments.of(
                        request.getKey(),
                        answer.isEmpty() ? "nothing" : "half an answer",
                        answer,
                        request.getValue())));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("requests")
    @DisplayName("I.101 a request to which an engine says nothing, or half of it, ends in time and is told as silence")
    void endsInTime(String what, String how, String answer, Consumer<DockerClient> request) throws Exception {
        try (FakeEngine fake = new FakeEngine(directory.resolve("docker.sock"), path -> answer);
                Engine engine = new Engine("unix://" + fake.socket, 1, PATIENCE)) {
            fake.keepOpen();
            long before = System.nanoTime();
            assertThatThrownBy(() -> request.accept(engine.control()))
                    .isInstanceOf(RuntimeException.class)
                    .matches(EngineFailures::isSilence)
                    .matches(EngineFailures::isAbsence);
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
        }
    }

    @Test
    @DisplayName("I.101 what streams for as long as it likes begins in time, or is given up")
    void streamsBeginInTime() throws Exception {
        try (FakeEngine fake = new FakeEngine(directory.resolve("docker.sock"), path -> FakeEngine.SILENCE);
                Engine engine = new Engine("unix://" + fake.socket, 1, PATIENCE)) {
            // On one connection: none stays taken either.
            for (int i = 0; i < 5; i++) {
                CompletableFuture<Throwable> ended = new CompletableFuture<>();
                new DockerTransport(engine.streams(), "container").open(new StdinQueue(), new Transport.Receiver() {
                    @Override
                    public void stdout(byte[] bytes) {
                        ended.completeExceptionally(new AssertionError("it answered"));
                    }

                    @Override
                    public void stderr(byte[] bytes) {
                        stdout(bytes);
                    }

                    @Override
                    public void closed(Throwable failure) {
                        ended.complete(failure);
                    }
                });
                assertThat(ended.get(SOON.toSeconds(), TimeUnit.SECONDS)).matches(EngineFailures::isSilence);
            }
        }
    }

    @Test
    @DisplayName("I.101 no connection stays taken by a request that was given up, and an engine's no is still a no")
    void goesOnAfterwards() throws Exception {
        try (FakeEngine fake = new FakeEngine(directory.resolve("docker.sock"), path -> FakeEngine.SILENCE);
                // Enough for the one that is answered.
                Engine engine = new Engine("unix://" + fake.socket, 1, Duration.ofSeconds(5))) {
            List<CompletableFuture<Void>> silent = Stream.generate(() -> CompletableFuture.runAsync(
                            () -> assertThatThrownBy(
                                            () -> engine.control().pingCmd().exec())
                                    .matches(EngineFailures::isSilence),
                            threads))
                    .limit(MANY)
                    .toList();
            for (CompletableFuture<Void> one : silent) {
                one.get(SOON.toSeconds(), TimeUnit.SECONDS);
            }
            UnaryOperator<String> no = path -> FakeEngine.http(404, "{\"message\":\"No such container\"}");
            fake.answer(no);
            assertThatThrownBy(() -> engine.control().inspectContainerCmd("x").exec())
                    .isInstanceOf(NotFoundException.class);
        }
    }

    @Test
    @DisplayName("I.101 who is interrupted while the engine is silent is let go at once")
    void interrupted() throws Exception {
        try (FakeEngine fake = new FakeEngine(directory.resolve("docker.sock"), path -> FakeEngine.SILENCE);
                Engine engine = new Engine("unix://" + fake.socket, 1, Duration.ofMinutes(5))) {
            AtomicReference<Throwable> failure = new AtomicReference<>();
            CountDownLatch asking = new CountDownLatch(1);
            Thread waiting = new Thread(() -> {
                asking.countDown();
                try {
                    engine.control().pingCmd().exec();
                } catch (RuntimeException e) {
                    failure.set(e);
                }
            });
            waiting.start();
            assertThat(asking.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
            waiting.interrupt();
            waiting.join(SOON.toMillis());
            assertThat(waiting.isAlive()).isFalse();
            assertThat(failure.get()).isNotNull();
        }
    }
}
