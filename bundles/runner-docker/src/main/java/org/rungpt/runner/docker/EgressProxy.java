package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The container of one sandbox's proxy, from its making to its end. */
final class EgressProxy implements SandboxLink.Owner {
    private static final Logger LOG = LoggerFactory.getLogger(EgressProxy.class);

    /** Whose proxy it is. */
    interface Owner {
        /** It can be talked to, for the first time or again. */
        void linked(EgressProxy proxy, ServiceLink service);

        void connection(String call, JsonNode record);

        /** It is no more. */
        void gone(EgressProxy proxy, String why);
    }

    private final Means means;
    private final String sandbox;
    private final Owner owner;
    private final SandboxLink link;
    private volatile @Nullable String container;
    private volatile boolean worked;
    private boolean gone;

    EgressProxy(Means means, String sandbox, Owner owner) {
        this.means = means;
        this.sandbox = sandbox;
        this.owner = owner;
        this.link = new SandboxLink(
                means, "egress of " + sandbox, means.settings().egress().greeting(), this);
    }

    /** Makes the container, in the background. */
    void make() {
        execute(() -> {
            if (isGone()) {
                return;
            }
            try {
                // The engine would make a missing one by itself, as nobody's.
                means.containers().createEgressVolume(sandbox);
                String made = means.containers()
                        .createEgress(new EgressPlan(sandbox, means.images().base()));
                container = made;
                means.containers().start(made);
                link.connect(made);
                means.egressHealth().works();
            } catch (RunnerException e) {
                failed(e);
            } catch (IOException e) {
                failed(new RunnerException(
                        Kind.SANDBOX,
                        "network: its proxy does not answer (" + EngineFailures.line(e)
                                + "); if the base image is older than RunGPT, ./rungpt run makes a new one",
                        e));
            } catch (RuntimeException e) {
                means.watch().suspect();
                failed(EngineFailures.wrap(Kind.SANDBOX, "network: its proxy could not be made", e));
            }
            String made = container;
            if (isGone() && made != null && !means.egressHealth().isDetached()) {
                means.containers().removeQuietly(made);
                // As long as the sandbox is there, the engine does not let it go.
                means.containers().removeEgressVolume(sandbox);
            }
        });
    }

    private void failed(RunnerException reason) {
        means.egressHealth().failed(reason);
        link.fail(reason);
        lose(Reason.SANDBOX_LOST, String.valueOf(reason.getMessage()));
    }

    /** Takes up one that a predecessor made. Blocking. */
    void adopt(String running) {
        container = running;
        link.recover(running);
    }

    CompletableFuture<ServiceLink> ready() {
        return link.ready();
    }

    @Nullable
    ServiceLink service() {
        return link.service();
    }

    @Nullable
    String container() {
        return container;
    }

    /** Whether it could be talked to at some time. */
    boolean hasWorked() {
        return worked;
    }

    void tick() {
        if (!isGone()) {
            link.tick();
        }
    }

    @Override
    public synchronized boolean isGone() {
        return gone;
    }

    /** @return whether it was there until now */
    private boolean leave() {
        synchronized (this) {
            if (gone) {
                return false;
            }
            gone = true;
            return true;
        }
    }

    /** Lets go of it and leaves it running. */
    void detach() {
        leave();
        link.close("detached");
    }

    /** Ends it. Blocking. */
    void remove() {
        leave();
        link.close("removed");
        String target = container;
        if (target != null) {
            means.containers().removeQuietly(target);
        }
    }

    @Override
    public void lose(Reason reason, String message) {
        if (leave()) {
            link.close(message);
            String target = container;
            if (target != null) {
                execute(() -> means.containers().removeQuietly(target));
            }
            owner.gone(this, message);
        }
    }

    @Override
    public void containerEnded(ContainerState state) {
        lose(Reason.SANDBOX_LOST, "network: its proxy ended (exit code " + state.getExitCodeLong() + ")");
    }

    @Override
    public void inTheDark() {
        LOG.debug("Nobody can tell whether the proxy of sandbox {} lives", sandbox);
    }

    @Override
    public void linked(ServiceLink service) {
        worked = true;
        owner.linked(this, service);
    }

    @Override
    public void connection(ServiceLink service, String call, JsonNode params) {
        owner.connection(call, params);
    }

    @Override
    public void output(ServiceLink service, String call, JsonNode params) throws Violation {
        throw new Violation("it sent output, and it is no sandbox");
    }

    @Override
    public void finished(ServiceLink service, String call, JsonNode params) throws Violation {
        throw new Violation("it ended a call, and it is no sandbox");
    }

    @Override
    public void broken(ServiceLink service, String why, boolean violation) {
        String target = container;
        if (violation || target == null) {
            lose(Reason.SANDBOX_LOST, "network: its proxy was ended: " + why);
        } else if (!isGone() && link.renew()) {
            execute(() -> link.recover(target));
        }
    }

    private void execute(Runnable task) {
        try {
            means.work().execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("The runner goes", e);
        }
    }
}
