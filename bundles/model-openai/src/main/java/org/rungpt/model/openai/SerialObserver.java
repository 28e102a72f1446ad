package org.rungpt.model.openai;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelObserver;
import org.rungpt.api.model.Usage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the promises of {@link ModelObserver} to whoever listens: one call at a time, in order, exactly one end and nothing after it,
 * whichever threads tell. Nobody waits for a slow listener but the one who tells it.
 */
final class SerialObserver {
    private static final Logger LOG = LoggerFactory.getLogger(SerialObserver.class);

    private final ModelObserver observer;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private boolean telling;
    private boolean ended;

    SerialObserver(ModelObserver observer) {
        this.observer = observer;
    }

    boolean ended() {
        synchronized (waiting) {
            return ended;
        }
    }

    void delta(ModelDelta delta) {
        tell(() -> observer.delta(delta), false);
    }

    void retrying(int attempt, Duration wait, String reason) {
        tell(() -> observer.retrying(attempt, wait, reason), false);
    }

    /** @return whether this is the end; false if there was one before */
    boolean finished(FinishReason reason, @Nullable Usage usage) {
        return tell(() -> observer.finished(reason, usage), true);
    }

    /** @return whether this is the end; false if there was one before */
    boolean failed(ModelException error) {
        return tell(() -> observer.failed(error), true);
    }

    private boolean tell(Runnable call, boolean end) {
        synchronized (waiting) {
            if (ended) {
                return false;
            }
            ended = end;
            waiting.add(call);
            if (telling) {
                return true;
            }
            telling = true;
        }
        while (true) {
            Runnable next;
            synchronized (waiting) {
                next = waiting.poll();
                if (next == null) {
                    telling = false;
                    return true;
                }
            }
            try {
                next.run();
            } catch (RuntimeException e) {
                LOG.error("A listener to a model's answer failed: {}", e.toString());
            }
        }
    }
}
