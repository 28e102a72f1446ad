package org.rungpt.runner.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Frame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Further containers beside sandboxes: databases, services. Each shares the network of its sandbox: its port is on the sandbox's
 * localhost, and nobody else reaches it. It ends when the sandbox does, even if nobody is there to end it: beside the root of a workspace it
 * is among the sandbox's processes; elsewhere it would have more rights than those whose processes it saw, and is among those of a container
 * that ends with the sandbox ({@link PausePlan}). What there is, the engine knows by labels: nothing is kept here, so a successor needs no
 * adoption. Blocking.
 */
final class Sidecars {
    private static final Logger LOG = LoggerFactory.getLogger(Sidecars.class);
    private static final Duration READY = Duration.ofSeconds(90);
    private static final int LAST_LINES = 5;
    private static final long LINES_SECONDS = 3;

    /** A sidecar that exists. */
    record Found(
            String container,
            String name,
            String image,
            @Nullable Integer port,
            boolean running,
            Instant created) {}

    private final Engine engine;
    private final Labels labels;
    private final SandboxFactory factory;
    private final Settings settings;
    private final Images images;

    Sidecars(Engine engine, Labels labels, SandboxFactory factory, Settings settings, Images images) {
        this.engine = engine;
        this.labels = labels;
        this.factory = factory;
        this.settings = settings;
        this.images = images;
    }

    /** Fetches what an action will need beside its sandbox. */
    void prepare(InstalledAction action, Consumer<String> progress) throws RunnerException {
        for (Manifest.Sidecar sidecar : action.manifest().sidecars()) {
            images.service(sidecar.image(), progress);
        }
    }

    /** Fetches what one needs, if it is not there. */
    void fetch(SidecarSpec spec, Consumer<String> progress) throws RunnerException {
        images.service(spec.image(), progress);
    }

    private DockerClient docker() {
        return engine.control();
    }

    /** Those beside a sandbox, by name. */
    List<Found> beside(String sandbox) {
        Map<String, String> filter = new HashMap<>(labels.filter());
        filter.put(Labels.BESIDE, sandbox);
        return docker().listContainersCmd().withShowAll(true).withLabelFilter(filter).exec().stream()
                .map(Sidecars::found)
                .sorted(Comparator.comparing(Found::name))
                .toList();
    }

    private static Found found(Container container) {
        Map<String, String> marks = container.getLabels();
        String port = marks.get(Labels.PORT);
        return new Found(
                container.getId(),
                marks.getOrDefault(Labels.SIDECAR, ""),
                marks.getOrDefault(Labels.IMAGE, ""),
                port == null ? null : Integer.valueOf(port),
                "running".equals(container.getState()),
                Instant.ofEpochSecond(container.getCreated()));
    }

    /** The running one of that name; what has ended of that name is removed. */
    Optional<Found> running(String sandbox, String name) {
        Found running = null;
        for (Found found : beside(sandbox)) {
            if (found.name().equals(name)) {
                if (found.running()) {
                    running = found;
                } else {
                    remove(found.container());
                }
            }
        }
        return Optional.ofNullable(running);
    }

    /**
     * Starts one and waits until it is ready; if it does not get ready, nothing is left of it.
     *
     * @param unwanted whether nobody waits for it any more
     * @return its container
     */
    String start(Sandbox sandbox, SidecarSpec spec, BooleanSupplier unwanted, Consumer<String> progress)
            throws RunnerException {
        String beside = Objects.requireNonNull(sandbox.container(), "the sandbox has a container");
        String image = images.service(spec.image(), progress);
        HealthProbe probe = new HealthProbe(engine, beside, sandbox.user());
        if (spec.port() != null && probe.isOpen(spec.port())) {
            throw failed(spec, "port " + spec.port() + " of the sandbox is taken by something else");
        }
        sandbox.sidecars().admit();
        progress.accept("starting the container " + spec.name());
        String container = factory.create(
                engine,
                new SidecarPlan(
                        Instance.newName(),
                        image,
                        spec,
                        sandbox.id(),
                        beside,
                        sandbox.isRootOfWorkspace() ? beside : pause(sandbox, beside),
                        sandbox.purpose().border().isWritable() ? sandbox.user() : null,
                        sandbox.conversation(),
                        Bounds.of(settings)));
        boolean ready = false;
        sandbox.sidecars().add(container);
        try {
            if (!sandbox.isGone()) {
                docker().startContainerCmd(container).exec();
            }
            if (spec.port() != null) {
                progress.accept("waiting until " + spec.name() + " answers on port " + spec.port());
            }
            awaitReady(container, spec, probe, () -> unwanted.getAsBoolean() || sandbox.isGone());
            ready = !sandbox.isGone();
            return container;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunnerException(Kind.SANDBOX, "starting the container " + spec.name() + " was stopped", e);
        } finally {
            if (!ready) {
                giveUp(sandbox, container);
            }
        }
    }

    /** The container among whose processes those of the sandbox's sidecars are. */
    private String pause(Sandbox sandbox, String beside) throws RunnerException {
        SandboxSidecars its = sandbox.sidecars();
        synchronized (its) {
            String known = its.pause();
            if (known != null && isRunning(known)) {
                return known;
            }
            if (known != null) {
                if (engine.isPodman()) {
                    removeEnded(sandbox);
                }
                remove(known);
            }
            String made =
                    factory.create(docker(), new PausePlan(Instance.newName(), sandbox.id(), images.base(), beside));
            its.pause(made);
            if (sandbox.isGone()) {
                remove(made);
                throw new RunnerException(Kind.SANDBOX, "the sandbox ended");
            }
            docker().startContainerCmd(made).exec();
            return made;
        }
    }

    /** Podman removes nothing that others were among the processes of. */
    private void removeEnded(Sandbox sandbox) {
        for (Found found : beside(sandbox.id())) {
            if (!found.running()) {
                remove(found.container());
                sandbox.sidecars().remove(found.container());
            }
        }
    }

    private boolean isRunning(String container) {
        try {
            return Boolean.TRUE.equals(
                    docker().inspectContainerCmd(container).exec().getState().getRunning());
        } catch (NotFoundException e) {
            return false;
        }
    }

    private void giveUp(Sandbox sandbox, String container) {
        // An interrupted thread could not talk to the engine any more.
        boolean interrupted = Thread.interrupted();
        try {
            remove(container);
        } finally {
            sandbox.sidecars().remove(container);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void awaitReady(String container, SidecarSpec spec, HealthProbe probe, BooleanSupplier unwanted)
            throws RunnerException, InterruptedException {
        long end = System.nanoTime() + READY.toNanos();
        while (true) {
            boolean ready = spec.port() == null
                    ? probe.pause()
                    : probe.await(Objects.requireNonNull(spec.port()), spec.health());
            ContainerState state =
                    docker().inspectContainerCmd(container).exec().getState();
            if (!Boolean.TRUE.equals(state.getRunning())) {
                throw failed(spec, ended(state) + lastLines(container));
            }
            if (ready) {
                return;
            }
            if (unwanted.getAsBoolean()) {
                throw failed(spec, "nobody waits for it any more");
            }
            if (System.nanoTime() > end) {
                throw failed(
                        spec,
                        "it did not answer on port " + spec.port() + " within " + READY.toSeconds() + " s"
                                + lastLines(container));
            }
        }
    }

    private String ended(ContainerState state) {
        if (Boolean.TRUE.equals(state.getOOMKilled())) {
            return "it ran " + Outcomes.outOfMemory(Bounds.of(settings));
        }
        return "it ended at once (exit code " + state.getExitCodeLong() + ")";
    }

    private String lastLines(String container) {
        StringBuilder text = new StringBuilder();
        try (ResultCallback.Adapter<Frame> lines = new ResultCallback.Adapter<>() {
            @Override
            public void onNext(Frame frame) {
                synchronized (text) {
                    text.append(new String(frame.getPayload(), StandardCharsets.UTF_8));
                }
            }
        }) {
            engine.streams()
                    .logContainerCmd(container)
                    .withStdOut(true)
                    .withStdErr(true)
                    .withTail(LAST_LINES)
                    .exec(lines)
                    .awaitCompletion(LINES_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
            LOG.debug("No output of a sidecar: {}", EngineFailures.line(e));
        }
        synchronized (text) {
            String last = EngineFailures.oneLine(text.toString().strip().replaceAll("\\s*\n\\s*", " | "), 400);
            return last.isEmpty() ? "" : "; it said last: " + last;
        }
    }

    private static RunnerException failed(SidecarSpec spec, String why) {
        return new RunnerException(
                Kind.SANDBOX,
                "the container " + spec.name() + " (" + EngineFailures.oneLine(spec.image(), 100)
                        + ") could not be started: " + why);
    }

    /** Removes it with its volumes; harmless if it is gone. */
    void remove(String container) {
        try {
            docker().removeContainerCmd(container)
                    .withForce(true)
                    .withRemoveVolumes(true)
                    .exec();
        } catch (NotFoundException | ConflictException e) {
            LOG.debug("Container {} is being removed already", container);
        }
    }
}
