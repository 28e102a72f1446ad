package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several who want to know at once whether the engine is there. */
final class EngineWatchTest {
    @TempDir
    Path directory;

    @Test
    void anArrivalIsToldOnceAndWhoIsSuspiciousMeanwhileWaitsForNobody() throws Exception {
        ScheduledExecutorService timer = Executors.newScheduledThreadPool(2);
        try (FakeEngine fake = new FakeEngine(directory.resolve("docker.sock"), FakeEngine.healthy("1.3.3"));
                Engine engine = new Engine("unix://" + fake.socket, 4)) {
            EngineAddress address = EngineAddress.of("unix://" + fake.socket);
            Settings settings = new Settings(
                    directory,
                    engine.host(),
                    null,
                    512 << 20,
                    2,
                    256,
                    0,
                    Duration.ofMinutes(1),
                    Duration.ofMinutes(5),
                    10);
            Labels labels = new Labels("test");
            Images images = new Images(
                    engine,
                    settings,
                    new ImageBuild(engine, settings, labels.ofImage()),
                    new StepRunner(
                            engine, new SandboxFactory(settings, labels), labels.ofImage(), (builder, refusals) -> {
                                throw new AssertionError("nothing is built here");
                            }),
                    new SharedWork(Runnable::run));
            EngineWatch watch = new EngineWatch(engine, address, null, images, timer);
            CountDownLatch arriving = new CountDownLatch(1);
            CountDownLatch mayGoOn = new CountDownLatch(1);
            AtomicInteger arrivals = new AtomicInteger();
            watch.start(() -> {
                arrivals.incrementAndGet();
                arriving.countDown();
                try {
                    assertThat(mayGoOn.await(30, TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            assertThat(arriving.await(30, TimeUnit.SECONDS)).isTrue();
            watch.suspect();
            // The other thread has taken that up when it takes up this.
            timer.submit(() -> {}).get(30, TimeUnit.SECONDS);
            assertThat(watch.isUp()).isFalse();
            mayGoOn.countDown();
            assertThat(watch.await(Duration.ofSeconds(30))).isTrue();
            assertThat(arrivals).hasValue(1);
        } finally {
            timer.shutdownNow();
        }
    }
}
