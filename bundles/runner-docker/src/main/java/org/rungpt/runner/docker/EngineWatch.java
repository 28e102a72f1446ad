package org.rungpt.runner.docker;

import com.github.dockerjava.api.model.Info;
import com.github.dockerjava.api.model.Version;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.status.Readiness;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Knows whether the engine is there. Asks it every few seconds, more often while it is away, so that it is found again soon. */
final class EngineWatch {
    private static final Logger LOG = LoggerFactory.getLogger(EngineWatch.class);
    private static final long CALM_MILLIS = 5_000;
    private static final long FIRST_MILLIS = 500;
    private static final int SILENCES = 3;

    /** What happens when the engine has come (again): on the watching thread, before anybody is told. */
    interface Arrival {
        void arrived() throws RunnerException;
    }

    private final Engine engine;
    private final EngineAddress address;
    private final @Nullable String runtime;
    private final Images images;
    private final ScheduledExecutorService timer;
    private final AtomicBoolean asked = new AtomicBoolean();
    private volatile Readiness readiness = Readiness.unready("Docker is being looked for.", null);
    private final CountDownLatch known = new CountDownLatch(1);
    private volatile CompletableFuture<Void> up = new CompletableFuture<>();
    private volatile Arrival arrival = () -> {};
    private volatile long delay = FIRST_MILLIS;
    /** How many have asked for a look since the last one began. */
    private final AtomicInteger wanted = new AtomicInteger();

    /** Whether one has answered: from then on it is that one, whose sandboxes are there. */
    private boolean settled;

    private int silences;
    private String reported = "";
    private volatile long memory;
    private volatile String described = "Docker.";
    private volatile @Nullable String warning;

    EngineWatch(
            Engine engine,
            EngineAddress address,
            @Nullable String runtime,
            Images images,
            ScheduledExecutorService timer) {
        this.engine = engine;
        this.address = address;
        this.runtime = runtime;
        this.images = images;
        this.timer = timer;
    }

    void start(Arrival whenArrived) {
        arrival = whenArrived;
        timer.execute(this::round);
    }

    Readiness readiness() {
        return readiness;
    }

    /** Bytes of memory that the engine has; 0 as long as nobody knows. */
    long memory() {
        return memory;
    }

    /** Whether the engine was asked at least once. */
    boolean isKnown() {
        return known.getCount() == 0;
    }

    /** Waits until the engine was asked, or until patience ends. */
    void awaitKnown(Duration patience) throws InterruptedException {
        if (!known.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
            LOG.debug("The engine lets us wait");
        }
    }

    boolean isUp() {
        return up.isDone();
    }

    /** Something went wrong with the engine: look at once. */
    void suspect() {
        if (asked.compareAndSet(false, true)) {
            try {
                timer.execute(() -> {
                    asked.set(false);
                    check();
                });
            } catch (java.util.concurrent.RejectedExecutionException e) {
                LOG.debug("The runner goes", e);
            }
        }
    }

    /** Waits for the engine. @return false if it did not come in time */
    boolean await(Duration patience) throws InterruptedException {
        try {
            up.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException | ExecutionException e) {
            return false;
        }
    }

    private void round() {
        check();
        if (up.isDone()) {
            delay = FIRST_MILLIS;
        } else {
            delay = Math.min(CALM_MILLIS, delay * 2);
        }
        try {
            timer.schedule(this::round, up.isDone() ? CALM_MILLIS : delay, TimeUnit.MILLISECONDS);
        } catch (java.util.concurrent.RejectedExecutionException e) {
            LOG.debug("The runner goes", e);
        }
    }

    /** One look at a time: an arrival that is told twice would be taken for two. Who looks already looks once more. */
    private void check() {
        if (wanted.getAndIncrement() > 0) {
            return;
        }
        int seen;
        do {
            seen = wanted.get();
            look();
        } while (!wanted.compareAndSet(seen, 0));
    }

    private void look() {
        try {
            if (up.isDone()) {
                engine.pinger().pingCmd().exec();
                silences = 0;
                readiness = withBaseImage(readiness);
            } else {
                Version version = settled ? engine.pinger().versionCmd().exec() : find();
                Info info = engine.pinger().infoCmd().exec();
                memory = memoryOf(info);
                describe(version);
                Readiness lacking = lacking(info);
                if (lacking != null) {
                    down(lacking);
                    return;
                }
                settled = true;
                arrival.arrived();
                readiness = withBaseImage(Readiness.warned(described, warning));
                up.complete(null);
            }
        } catch (RunnerException e) {
            down(Readiness.unready(e.getMessage() == null ? "Docker failed." : e.getMessage(), null));
        } catch (RuntimeException e) {
            if (up.isDone() && EngineFailures.isSilence(e) && ++silences < SILENCES) {
                // A machine under load answers late; that alone is no reason to turn calls away.
                suspect();
                return;
            }
            down(EngineFailures.unreachable(engine.host(), e));
        } finally {
            known.countDown();
            report();
        }
    }

    /** Asks one after the other. If none answers it stays with the first, which is what somebody will want to start. */
    private Version find() {
        RuntimeException failure = null;
        List<String> candidates = address.candidates();
        for (String host : candidates) {
            engine.turnTo(host);
            try {
                return engine.pinger().versionCmd().exec();
            } catch (RuntimeException e) {
                LOG.debug("No engine at {}: {}", host, EngineFailures.line(e));
                failure = failure == null ? e : failure;
            }
        }
        engine.turnTo(candidates.get(0));
        throw Objects.requireNonNull(failure);
    }

    /** What was asked for and the engine cannot give. Names with a dot need not be known to it before. */
    private @Nullable Readiness lacking(Info info) {
        String name = runtime;
        Map<String, ?> there = info.getRuntimes();
        if (name == null || name.contains(".") || there == null || there.isEmpty() || there.containsKey(name)) {
            return null;
        }
        return Readiness.unready(
                "The engine has no runtime " + EngineFailures.oneLine(name, 60) + "; it has "
                        + EngineFailures.oneLine(String.join(", ", new TreeMap<>(there).keySet()), 200) + ".",
                "Install it and make it known to the engine (for Docker in /etc/docker/daemon.json), or take runtime out of"
                        + " etc/org.rungpt.runner.docker.cfg.");
    }

    private Readiness withBaseImage(Readiness now) {
        try {
            images.base();
            return now.ready() ? now : Readiness.warned(described, warning);
        } catch (RunnerException e) {
            return Readiness.unready(
                    e.getMessage() + ".",
                    "Run `./rungpt run` again, it makes the base image (or `actions/base/build`).");
        }
    }

    private static long memoryOf(Info info) {
        Long total = info.getMemTotal();
        return total == null ? 0 : total;
    }

    private void describe(Version version) {
        engine.isPodman(Breakouts.isPodman(version));
        described = Breakouts.describe(version, runtime);
        warning = Breakouts.warning(version, runtime);
    }

    private void down(Readiness reason) {
        silences = 0;
        if (up.isDone()) {
            up = new CompletableFuture<>();
            delay = FIRST_MILLIS;
        }
        readiness = reason;
    }

    private void report() {
        Readiness now = readiness;
        if (!now.reason().equals(reported)) {
            reported = now.reason();
            if (now.ready()) {
                LOG.info("Sandboxes by {} at {}", now.reason(), engine.host());
                if (now.remedy() != null) {
                    LOG.warn("{}", now.remedy());
                }
            } else {
                LOG.warn("{} {}", now.reason(), now.remedy() == null ? "" : now.remedy());
            }
        }
    }
}
