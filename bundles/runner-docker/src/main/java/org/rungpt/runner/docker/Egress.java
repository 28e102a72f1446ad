package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallConnection;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way out of one sandbox: which of its calls may reach what, and the proxy that sees to it. The proxy comes with the first call
 * that was granted something and goes when nobody has needed it for a while.
 */
final class Egress implements EgressProxy.Owner {
    private static final Logger LOG = LoggerFactory.getLogger(Egress.class);
    private static final Duration KEPT = Duration.ofMinutes(5);
    private static final Duration LAST_RECORDS = Duration.ofSeconds(5);

    /** A call that was granted something; its token is null if a predecessor did. */
    private static final class Granted {
        final RunningCall call;
        final @Nullable String token;
        final List<String> hosts;
        /** The hosts that its secrets are meant for: why others are refused. */
        final List<String> only;

        private long told;

        Granted(RunningCall call, @Nullable String token, List<String> hosts, List<String> only) {
            this.call = call;
            this.token = token;
            this.hosts = hosts;
            this.only = only;
        }

        /** Tells the call of a connection, once. */
        void tell(JsonNode record) {
            synchronized (this) {
                long number = record.path("number").asLong();
                if (number <= told) {
                    return;
                }
                told = number;
            }
            call.connection(connection(record));
        }
    }

    private final Means means;
    private final String sandbox;
    private final Map<String, Granted> granted = new ConcurrentHashMap<>();
    private @Nullable EgressProxy proxy;
    private boolean closed;
    private volatile long lastUsed = System.nanoTime();

    Egress(Means means, String sandbox) {
        this.means = means;
        this.sandbox = sandbox;
    }

    /**
     * Lets a call reach hosts.
     *
     * @return by which its sandbox proves whose connections they are; fails with a {@link RunnerException}
     */
    CompletableFuture<String> grant(RunningCall call, List<String> hosts) {
        String token = Instance.newName() + Instance.newName();
        Granted mine = new Granted(call, token, means.settings().egress().hosts(hosts), CallSecrets.hosts(call.spec()));
        EgressProxy way;
        synchronized (this) {
            if (closed) {
                return CompletableFuture.failedFuture(
                        new RunnerException(Kind.SANDBOX, "the sandbox ended before its call began"));
            }
            granted.put(call.call(), mine);
            way = proxy == null ? start() : proxy;
        }
        lastUsed = System.nanoTime();
        call.progress("opening the way to the network");
        return way.ready()
                .thenCompose(service -> service.request("grant", json(mine)))
                .handle((answer, failure) -> {
                    if (failure != null) {
                        granted.remove(call.call(), mine);
                        throw new java.util.concurrent.CompletionException(reason(failure));
                    }
                    return token;
                });
    }

    /** Why a grant failed. */
    static RunnerException reason(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RunnerException known) {
                return known;
            }
        }
        return new RunnerException(
                Kind.SANDBOX, "network: its proxy did not take the grant: " + EngineFailures.line(failure), failure);
    }

    private EgressProxy start() {
        EgressProxy made = new EgressProxy(means, sandbox, this);
        proxy = made;
        made.make();
        return made;
    }

    private ObjectNode json(Granted mine) {
        ObjectNode params = JsonNodeFactory.instance
                .objectNode()
                .put("call", mine.call.call())
                .put("token", mine.token)
                .put("bytes", means.settings().egress().bytes());
        mine.hosts.forEach(params.putArray("network")::add);
        mine.only.forEach(params.putArray("only")::add);
        return params;
    }

    /** A call that a predecessor started goes on; if it was granted something, its connections are told from now on. */
    void join(RunningCall call) {
        synchronized (this) {
            if (proxy != null && !closed) {
                Granted mine = new Granted(call, null, List.of(), List.of());
                granted.put(call.call(), mine);
                ServiceLink service = proxy.service();
                if (service != null) {
                    catchUp(mine, service);
                }
            }
        }
    }

    /** Somebody else watches the call from now on: what it was granted stays. */
    void handOver(RunningCall to) {
        granted.computeIfPresent(to.call(), (id, mine) -> {
            Granted next = new Granted(to, mine.token, mine.hosts, mine.only);
            synchronized (mine) {
                next.told = mine.told;
            }
            return next;
        });
    }

    /** The call is not here after all. */
    void forget(RunningCall call) {
        granted.remove(call.call());
    }

    /** The call has ended, and so do its connections; they have been told when this returns. Blocking, at most for seconds. */
    void revoke(RunningCall call) {
        Granted mine = granted.get(call.call());
        if (mine == null) {
            return;
        }
        lastUsed = System.nanoTime();
        ServiceLink service;
        synchronized (this) {
            service = proxy == null ? null : proxy.service();
        }
        try {
            if (service != null) {
                ObjectNode params = JsonNodeFactory.instance.objectNode().put("call", call.call());
                service.request("revoke", params).get(LAST_RECORDS.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("The proxy of sandbox {} does not say what call {} still had open", sandbox, call.call());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            granted.remove(call.call(), mine);
        }
    }

    @Override
    public void linked(EgressProxy which, ServiceLink service) {
        for (Granted mine : granted.values()) {
            // Another container knows nothing yet; the same one takes it as said before.
            if (mine.token != null) {
                service.request("grant", json(mine));
            }
            catchUp(mine, service);
        }
    }

    private static void catchUp(Granted mine, ServiceLink service) {
        ObjectNode params = JsonNodeFactory.instance.objectNode().put("call", mine.call.call());
        service.request("connections", params)
                .thenAccept(answer -> answer.path("connections").forEach(mine::tell));
    }

    @Override
    public void connection(String call, JsonNode record) {
        Granted mine = granted.get(call);
        if (mine != null) {
            mine.tell(record);
        }
    }

    private static CallConnection connection(JsonNode record) {
        JsonNode reason = record.get("reason");
        return new CallConnection(
                record.path("number").asLong(),
                Instant.ofEpochMilli((long) (record.path("at").asDouble() * 1000)),
                record.path("host").asText(),
                record.path("port").asInt(),
                record.path("allowed").asBoolean(),
                reason == null || reason.isNull() ? null : reason.asText(),
                record.path("sent").asLong(),
                record.path("received").asLong(),
                Duration.ofMillis((long) (record.path("duration").asDouble() * 1000)));
    }

    @Override
    public void gone(EgressProxy which, String why) {
        boolean needed;
        synchronized (this) {
            if (proxy != which) {
                return;
            }
            proxy = null;
            // A call that waits for the grant hears of it; those that have it go on with a new proxy.
            needed = !closed && which.hasWorked() && !granted.isEmpty();
            if (needed) {
                start();
            }
        }
        LOG.warn("The proxy of sandbox {} is gone{}: {}", sandbox, needed ? ", another one follows" : "", why);
    }

    /** Takes up the proxy that a predecessor made. */
    void adopt(String container) {
        EgressProxy found = new EgressProxy(means, sandbox, this);
        synchronized (this) {
            proxy = found;
        }
        found.adopt(container);
    }

    /** Every few seconds. */
    void tick() {
        EgressProxy idle = null;
        EgressProxy now;
        synchronized (this) {
            now = proxy;
            if (now != null
                    && granted.isEmpty()
                    && now.service() != null
                    && System.nanoTime() - lastUsed > KEPT.toNanos()) {
                idle = now;
                proxy = null;
            }
        }
        if (idle != null) {
            means.work().execute(idle::remove);
        } else if (now != null) {
            now.tick();
        }
    }

    /** Lets go of the proxy and leaves it running. @return its container, if there is one */
    @Nullable
    String detach() {
        EgressProxy now;
        synchronized (this) {
            closed = true;
            now = proxy;
        }
        if (now == null) {
            return null;
        }
        now.detach();
        return now.container();
    }

    /** The sandbox has ended. Blocking. */
    void remove() {
        EgressProxy now;
        synchronized (this) {
            closed = true;
            now = proxy;
            proxy = null;
        }
        if (now != null) {
            now.remove();
        }
    }
}
