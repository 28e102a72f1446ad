package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The container that looks at a workspace for the journal, made when it is needed. Blocking; one thread at a time but for the care. */
class JournalHelper implements ServiceLink.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(JournalHelper.class);
    private static final Duration HELLO = Duration.ofSeconds(15);
    /** What failed is not tried again at once: a call must not be held up by it each time. */
    private static final Duration PAUSE = Duration.ofSeconds(30);

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Means means;
    private final Containers containers;
    private final String conversation;
    private volatile @Nullable ServiceLink link;
    private volatile @Nullable String container;
    private volatile long lastUsed = System.nanoTime();
    private volatile boolean fresh;
    private boolean shut;
    private @Nullable RunnerException failure;
    private long failedAt;

    /** What a look showed: all there is, or what is not as at the last look. Null for what is gone. */
    record Scan(boolean full, Map<String, @Nullable JournalEntry> changes, long others) {}

    JournalHelper(Means means, Containers containers, String conversation) {
        this.means = means;
        this.containers = containers;
        this.conversation = conversation;
    }

    /** Makes it ahead; a failure shows when it is used. */
    void prepare(String volume) {
        try {
            service(volume);
        } catch (RunnerException e) {
            LOG.debug("No look at the workspace of {} ahead: {}", conversation, e.getMessage());
        }
    }

    private synchronized ServiceLink service(String volume) throws RunnerException {
        lastUsed = System.nanoTime();
        if (shut) {
            throw new RunnerException(Kind.DETACHED, "this runner has gone; ask its successor");
        }
        ServiceLink known = link;
        if (known != null && known.isOpen()) {
            return known;
        }
        RunnerException before = failure;
        if (before != null && System.nanoTime() - failedAt < PAUSE.toNanos()) {
            throw before;
        }
        failure = null;
        close();
        try {
            String made = containers.createJournal(new JournalPlan(
                    Instance.newName(), conversation, means.images().base(), volume));
            container = made;
            containers.start(made);
            ServiceLink service = new ServiceLink("journal of " + conversation, this);
            service.open(
                            new DockerTransport(means.engine().streams(), made),
                            means.settings().lease())
                    .get(HELLO.toMillis(), TimeUnit.MILLISECONDS);
            link = service;
            fresh = true;
            return service;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
            throw new RunnerException(Kind.UNAVAILABLE, "interrupted", e);
        } catch (ExecutionException | TimeoutException | IOException | RuntimeException e) {
            close();
            RunnerException told = new RunnerException(
                    Kind.SANDBOX, "the workspace cannot be looked at: " + EngineFailures.line(e), e);
            failedAt = System.nanoTime();
            failure = told;
            throw told;
        }
    }

    JsonNode ask(String volume, String method, ObjectNode params) throws RunnerException {
        return ask(service(volume), method, params);
    }

    private static JsonNode ask(ServiceLink service, String method, ObjectNode params) throws RunnerException {
        try {
            return service.request(method, params).get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunnerException(Kind.UNAVAILABLE, "interrupted", e);
        } catch (ExecutionException e) {
            throw new RunnerException(Kind.SANDBOX, EngineFailures.line(e.getCause() == null ? e : e.getCause()), e);
        } catch (TimeoutException e) {
            throw new RunnerException(Kind.UNAVAILABLE, "the workspace could not be looked at in time", e);
        }
    }

    Scan scan(String volume) throws RunnerException {
        ServiceLink service = service(volume);
        boolean full = fresh;
        Map<String, @Nullable JournalEntry> changes = new TreeMap<>();
        // Until all of a look has arrived, the next one tells of everything again.
        fresh = true;
        JsonNode page =
                ask(service, "scan", JsonNodeFactory.instance.objectNode().put("anew", full));
        long others = page.path("others").asLong();
        while (true) {
            for (JsonNode change : page.path("changes")) {
                changes.put(change.path("p").asText(), change.has("k") ? JournalEntry.read(change) : null);
            }
            if (page.path("more").asLong() == 0 || page.path("changes").isEmpty()) {
                break;
            }
            page = ask(service, "more", JsonNodeFactory.instance.objectNode());
        }
        fresh = false;
        return new Scan(full, changes, others);
    }

    boolean isIdleFor(Duration time) {
        return link != null && System.nanoTime() - lastUsed > time.toNanos();
    }

    boolean isThere() {
        return container != null;
    }

    void renewLease() {
        ServiceLink service = link;
        if (service != null) {
            service.send(
                    "lease",
                    JsonNodeFactory.instance
                            .objectNode()
                            .put("seconds", means.settings().lease().toSeconds()));
        }
    }

    /** Removes the container for good. */
    synchronized void shut() {
        shut = true;
        close();
    }

    /** Removes the container; the next look makes another one. */
    synchronized void close() {
        ServiceLink service = link;
        link = null;
        if (service != null) {
            service.close();
        }
        String target = container;
        container = null;
        if (target != null) {
            containers.removeJournal(target);
        }
    }

    @Override
    public void output(ServiceLink from, String call, JsonNode params) throws Violation {
        throw new Violation("it sent output of a call");
    }

    @Override
    public void finished(ServiceLink from, String call, JsonNode params) throws Violation {
        throw new Violation("it ended a call");
    }

    @Override
    public void broken(ServiceLink from, String why, boolean violation) {
        // Whoever waits for an answer knows; the next one makes another container.
    }
}
