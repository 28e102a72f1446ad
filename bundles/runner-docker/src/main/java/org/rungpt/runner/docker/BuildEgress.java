package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of one step of a build to the package mirrors, and to nothing else: a build belongs to no conversation that could have been
 * granted more. The proxy is the same as that of sandboxes.
 */
final class BuildEgress implements EgressProxy.Owner, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BuildEgress.class);
    private static final Duration READY = Duration.ofSeconds(60);
    private static final String REFUSAL = "is none of the package mirrors, and builds reach nothing else";

    private final Means means;
    private final String builder;
    private final Consumer<String> refusals;
    private final String token = Instance.newName() + Instance.newName();
    private final EgressProxy proxy;

    private BuildEgress(Means means, String builder, Consumer<String> refusals) {
        this.means = means;
        this.builder = builder;
        this.refusals = refusals;
        this.proxy = new EgressProxy(means, builder, this);
    }

    /** Blocking. */
    static BuildEgress open(Means means, String builder, Consumer<String> refusals)
            throws RunnerException, InterruptedException {
        BuildEgress egress = new BuildEgress(means, builder, refusals);
        boolean opened = false;
        try {
            egress.proxy.make();
            egress.proxy
                    .ready()
                    .thenCompose(service -> service.request("grant", egress.grant()))
                    .get(READY.toSeconds(), TimeUnit.SECONDS);
            opened = true;
            return egress;
        } catch (ExecutionException e) {
            throw Egress.reason(e);
        } catch (TimeoutException e) {
            throw new RunnerException(
                    Kind.SANDBOX, "network: the proxy of the build was not there in " + READY.toSeconds() + " s", e);
        } finally {
            if (!opened) {
                egress.close();
            }
        }
    }

    private ObjectNode grant() {
        ObjectNode params = JsonNodeFactory.instance
                .objectNode()
                .put("call", "build-" + builder)
                .put("token", token)
                .put("refusal", REFUSAL)
                .put("bytes", means.settings().egress().bytes());
        means.settings().egress().hosts(List.of(Grants.PACKAGE_MIRRORS)).forEach(params.putArray("network")::add);
        return params;
    }

    /** By which the step proves that a connection is its own. */
    String token() {
        return token;
    }

    /** Every few seconds. */
    void tick() {
        proxy.tick();
    }

    @Override
    public void linked(EgressProxy which, ServiceLink service) {
        // The same container takes it as said before.
        service.request("grant", grant());
    }

    @Override
    public void connection(String call, JsonNode record) {
        String reason = record.path("reason").asText("");
        if (!record.path("allowed").asBoolean() && !reason.isEmpty()) {
            refusals.accept(reason);
        }
    }

    @Override
    public void gone(EgressProxy which, String why) {
        refusals.accept(why);
        LOG.warn("The proxy of a build is gone: {}", why);
    }

    /** The step has ended. Blocking. */
    @Override
    public void close() {
        proxy.remove();
        means.containers().removeEgressVolume(builder);
    }
}
