package org.rungpt.runner.docker;

import com.github.dockerjava.api.model.Container;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Containers, with the sizes of what they wrote to their own file systems. For an answer the engine looks at each file, so it takes as
 * long as programs have made it take: what comes late is known later, and stops nobody. One thread asks.
 */
final class Layers {
    private static final Logger LOG = LoggerFactory.getLogger(Layers.class);
    private static final long MOMENT_MILLIS = 1000;

    private final Engine engine;
    private final Executor work;
    private @Nullable CompletableFuture<Map<String, Container>> asked;
    private Map<String, Container> last = Map.of();
    private boolean late;

    Layers(Engine engine, Executor work) {
        this.engine = engine;
        this.work = work;
    }

    /** @return containers by id, as far as they are known now */
    Map<String, Container> of(List<String> ids) throws InterruptedException {
        CompletableFuture<Map<String, Container>> now = asked;
        late = true;
        if (now == null) {
            now = CompletableFuture.supplyAsync(() -> ask(ids), work);
            asked = now;
        }
        try {
            last = now.get(MOMENT_MILLIS, TimeUnit.MILLISECONDS);
            asked = null;
            late = false;
        } catch (TimeoutException e) {
            LOG.debug("The engine still measures what containers wrote");
        } catch (ExecutionException e) {
            LOG.debug("What containers wrote is measured another time: {}", EngineFailures.line(e));
            asked = null;
        }
        return last;
    }

    /** Whether the engine has not told what it was asked last. */
    boolean isLate() {
        return late;
    }

    private Map<String, Container> ask(List<String> ids) {
        Map<String, Container> found = new HashMap<>();
        engine.control()
                .listContainersCmd()
                .withShowSize(true)
                .withIdFilter(ids)
                .exec()
                .forEach(container -> found.put(container.getId(), container));
        return found;
    }
}
