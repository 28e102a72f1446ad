package org.rungpt.runner.docker;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.PullResponseItem;
import com.github.dockerjava.api.model.ResponseItem.ProgressDetail;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;

/** Fetches an image by digest. The engine checks the digest; here it is seen to that it comes to an end, well or not. */
final class ImagePull {
    private static final Duration SILENCE = Duration.ofSeconds(40);
    private static final int RETRIES = 2;

    private final Engine engine;
    private final String reference;
    private final Consumer<String> progress;
    private final Duration patience;
    private final int retries;

    ImagePull(Engine engine, String reference, Consumer<String> progress) {
        this(engine, reference, progress, SILENCE, RETRIES);
    }

    /**
     * @param patience how long the registry may keep silent
     * @param retries how often the engine may begin anew
     */
    ImagePull(Engine engine, String reference, Consumer<String> progress, Duration patience, int retries) {
        this.engine = engine;
        this.reference = reference;
        this.progress = progress;
        this.patience = patience;
        this.retries = retries;
    }

    /** Blocking; an interrupt stops it. */
    void run() throws RunnerException {
        String what = "the image " + EngineFailures.oneLine(reference, 120) + " could not be fetched";
        progress.accept("fetching the image " + EngineFailures.oneLine(reference, 120));
        Pull pull = new Pull();
        try (pull) {
            engine.streams().pullImageCmd(reference).exec(pull);
            while (!pull.ended.await(200, TimeUnit.MILLISECONDS)) {
                String why = pull.hopeless(patience, retries);
                if (why != null) {
                    throw new RunnerException(Kind.IMAGE, what + ": " + why);
                }
                String step = pull.step();
                if (step != null) {
                    progress.accept(step);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunnerException(Kind.CANCELLED, "fetching " + reference + " was stopped", e);
        } catch (IOException | RuntimeException e) {
            throw ImageFailures.of(what, e);
        }
        Throwable failure = pull.failure;
        if (failure != null) {
            throw ImageFailures.of(what, failure);
        }
        String error = pull.error;
        if (error != null) {
            throw ImageFailures.of(what, error);
        }
    }

    private static final class Pull extends ResultCallback.Adapter<PullResponseItem> {
        final CountDownLatch ended = new CountDownLatch(1);
        volatile @Nullable String error;
        volatile @Nullable Throwable failure;
        private final Map<String, long[]> layers = new HashMap<>();
        private long lastHeard = System.nanoTime();
        private int retries;
        private String told = "";

        @Override
        public synchronized void onNext(PullResponseItem item) {
            lastHeard = System.nanoTime();
            if (item.isErrorIndicated()) {
                var detail = item.getErrorDetail();
                error = detail == null || detail.getMessage() == null ? "no reason given" : detail.getMessage();
                return;
            }
            String status = item.getStatus();
            if (status != null && status.startsWith("Retrying in 1 second")) {
                retries++; // it counts down: once a retry
            }
            ProgressDetail detail = item.getProgressDetail();
            if (detail != null && detail.getCurrent() != null && item.getId() != null && "Downloading".equals(status)) {
                long total = detail.getTotal() == null ? detail.getCurrent() : detail.getTotal();
                layers.put(item.getId(), new long[] {detail.getCurrent(), total});
            }
        }

        /** @return why there is no use in waiting; null if there is */
        synchronized @Nullable String hopeless(Duration patience, int allowed) {
            if (retries >= allowed) {
                return "the registry breaks off again and again: try again later";
            }
            return System.nanoTime() - lastHeard > patience.toNanos()
                    ? "nothing came from the registry for " + patience.toSeconds() + " s: try again later"
                    : null;
        }

        /** How far it is; null if that has not changed. */
        synchronized @Nullable String step() {
            long done = 0;
            long total = 0;
            for (long[] layer : layers.values()) {
                done += layer[0];
                total += layer[1];
            }
            String step = total == 0 ? "" : "fetched " + (done >> 20) + " of " + (total >> 20) + " MiB";
            if (step.equals(told)) {
                return null;
            }
            told = step;
            return step;
        }

        @Override
        public void onError(Throwable throwable) {
            // Not to the parent's: that would log it with its trace.
            failure = throwable;
            onComplete();
        }

        @Override
        public void onComplete() {
            super.onComplete();
            ended.countDown();
        }
    }
}
