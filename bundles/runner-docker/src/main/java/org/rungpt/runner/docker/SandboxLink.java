package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.exception.NotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.RunnerException;

/** Keeps a sandbox linked to its action service: attaches, and attaches again when the link breaks and the container lives. */
final class SandboxLink {
    private static final Duration HELLO = Duration.ofSeconds(15);
    private static final Duration SILENCE = Duration.ofSeconds(20);
    private static final int ATTEMPTS = 8;

    /** The sandbox as its link sees it. */
    interface Owner extends ServiceLink.Listener {
        boolean isGone();

        /** There is a link, which nobody else knows yet: calls go on over it. */
        void linked(ServiceLink service);

        /** Nobody can tell now whether the container lives. */
        void inTheDark();

        /** The container has ended. */
        void containerEnded(ContainerState state);

        /** The container is no more, or nothing can be made of it. */
        void lose(Reason reason, String message);
    }

    private final Means means;
    private final String id;
    private final ObjectNode greeting;
    private final Owner owner;
    private volatile CompletableFuture<ServiceLink> link = new CompletableFuture<>();
    private volatile long lastLease = System.nanoTime();

    SandboxLink(Means means, String id, Owner owner) {
        this(means, id, JsonNodeFactory.instance.objectNode(), owner);
    }

    /** @param greeting what else is said with every hello */
    SandboxLink(Means means, String id, ObjectNode greeting, Owner owner) {
        this.means = means;
        this.id = id;
        this.greeting = greeting;
        this.owner = owner;
    }

    /** The link, if it is there now. */
    @Nullable
    ServiceLink service() {
        CompletableFuture<ServiceLink> now = link;
        return now.isDone() && !now.isCompletedExceptionally() ? now.getNow(null) : null;
    }

    boolean awaitReady(Duration patience) throws InterruptedException {
        try {
            link.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }

    /** Why there will be none, if that is so. */
    void throwIfFailed() throws RunnerException {
        CompletableFuture<ServiceLink> now = link;
        if (now.isCompletedExceptionally()) {
            try {
                now.getNow(null);
            } catch (CompletionException e) {
                if (e.getCause() instanceof RunnerException reason) {
                    throw reason;
                }
            }
        }
    }

    /** The link that is there, or the next one. */
    CompletableFuture<ServiceLink> ready() {
        return link;
    }

    void whenReady(Consumer<ServiceLink> then) {
        link.whenComplete((service, failure) -> {
            if (service != null) {
                then.accept(service);
            }
        });
    }

    /** Attaches for the first time. Blocking. */
    void connect(String container) throws IOException {
        connect(new DockerTransport(means.engine().streams(), container));
    }

    private void connectAgain(String container) throws IOException {
        connect(
                means.engine().isPodman()
                        ? new PodmanTransport(means.engine(), container)
                        : new DockerTransport(means.engine().streams(), container));
    }

    private void connect(Transport transport) throws IOException {
        ServiceLink service = new ServiceLink(id, owner);
        boolean kept = false;
        try {
            service.open(transport, means.settings().lease(), greeting).get(HELLO.toMillis(), TimeUnit.MILLISECONDS);
            lastLease = System.nanoTime();
            if (owner.isGone()) {
                return;
            }
            owner.linked(service);
            kept = true;
            link.complete(service);
            if (!service.isOpen()) {
                owner.broken(service, "it broke right away", false);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IOException(EngineFailures.line(e.getCause() == null ? e : e.getCause()), e);
        } catch (TimeoutException e) {
            throw new IOException("no answer in " + HELLO.toSeconds() + " s", e);
        } finally {
            if (!kept) {
                service.close();
            }
        }
    }

    /** The link broke. @return whether it is to be recovered; not if whoever attaches right now knows */
    synchronized boolean renew() {
        if (!link.isDone()) {
            return false;
        }
        link = new CompletableFuture<>();
        return true;
    }

    /** Attaches to the container as soon as that is possible, or says what became of it. Blocking. */
    void recover(String container) {
        String last = "";
        try {
            for (int attempt = 1; attempt <= ATTEMPTS && !owner.isGone(); attempt++) {
                try {
                    ContainerState state = means.engine()
                            .control()
                            .inspectContainerCmd(container)
                            .exec()
                            .getState();
                    if (Boolean.TRUE.equals(state.getRunning())) {
                        connectAgain(container);
                    } else {
                        owner.containerEnded(state);
                    }
                    return;
                } catch (NotFoundException e) {
                    owner.lose(Reason.SANDBOX_LOST, "the sandbox was removed by somebody else");
                    return;
                } catch (IOException | RuntimeException e) {
                    last = EngineFailures.line(e);
                    means.watch().suspect();
                }
                TimeUnit.MILLISECONDS.sleep(100L * attempt);
                if (!means.watch().isUp()) {
                    // As long as nobody can tell, the calls wait; their own time limits what that costs.
                    attempt = 0;
                    means.watch().await(Duration.ofSeconds(5));
                    owner.inTheDark();
                }
            }
            owner.lose(Reason.SANDBOX_LOST, "the sandbox does not answer: " + last);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Every few seconds: renews the lease. @return whether the service is there and keeps answering */
    boolean tick() {
        ServiceLink service = service();
        if (service == null) {
            return false;
        }
        if (service.isSilentFor(SILENCE)) {
            service.end("no answer for " + SILENCE.toSeconds() + " s", false);
            return false;
        }
        if (System.nanoTime() - lastLease > means.settings().lease().toNanos() / 3) {
            lastLease = System.nanoTime();
            service.request(
                    "lease",
                    JsonNodeFactory.instance
                            .objectNode()
                            .put("seconds", means.settings().lease().toSeconds()));
        }
        return true;
    }

    /** There will be no link. */
    void fail(RunnerException reason) {
        link.completeExceptionally(new CompletionException(reason));
    }

    void close(String why) {
        ServiceLink service = service();
        if (service != null) {
            service.close();
        } else {
            link.completeExceptionally(new LinkBroken(why));
        }
    }
}
