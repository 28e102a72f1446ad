package org.rungpt.runner.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectVolumeResponse;
import com.github.dockerjava.api.command.WaitContainerResultCallback;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.InternalServerErrorException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Container;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Containers and volumes of this installation on the engine. Never touches what lacks its label. Blocking. */
final class Containers {
    private static final Logger LOG = LoggerFactory.getLogger(Containers.class);

    private static final long CHORE_SECONDS = 300;

    /** What is among the processes or on the network of another, before that one. */
    private static final List<String> REMOVED_FIRST = List.of(Labels.BESIDE, Labels.PAUSE);

    /** The containers that keep journals now; what a predecessor left is of no use. */
    private final Set<String> journals = ConcurrentHashMap.newKeySet();

    /** Volumes that the engine did not remove in time: of a tree that is deeper than it reads it can take minutes to say so. */
    private final Set<String> slow = ConcurrentHashMap.newKeySet();

    private final Engine engine;
    private final Labels labels;
    private final SandboxFactory factory;
    private final StepRunner steps;
    private final Images images;
    private final Settings settings;

    Containers(
            Engine engine, Labels labels, SandboxFactory factory, StepRunner steps, Images images, Settings settings) {
        this.engine = engine;
        this.labels = labels;
        this.factory = factory;
        this.steps = steps;
        this.images = images;
        this.settings = settings;
    }

    private DockerClient docker() {
        return engine.control();
    }

    String create(SandboxPlan plan) throws RunnerException {
        try {
            return factory.create(engine, plan);
        } catch (NotFoundException e) {
            throw new RunnerException(Kind.IMAGE, "the image of the sandbox vanished; try again", e);
        }
    }

    String createEgress(EgressPlan plan) throws RunnerException {
        try {
            return factory.create(docker(), plan);
        } catch (NotFoundException e) {
            throw new RunnerException(
                    Kind.SANDBOX, "network: the engine has no such image or network: " + EngineFailures.line(e), e);
        }
    }

    String createJournal(JournalPlan plan) {
        String container = factory.create(docker(), plan);
        journals.add(container);
        return container;
    }

    String createMeter(DiskPlan plan) {
        return factory.create(docker(), plan);
    }

    /** Where steps of builds run now, with the sizes of what they have written. */
    List<Container> builders() {
        return steps.busy().isEmpty()
                ? List.of()
                : docker().listContainersCmd()
                        .withShowSize(true)
                        .withLabelFilter(List.of(Labels.INSTANCE + "=" + labels.instance(), Labels.BUILDER))
                        .exec();
    }

    /** Ends a step of a build because of a limit. */
    void endBuilder(Container builder, String limit) {
        steps.stopFor(builder.getLabels().getOrDefault(Labels.BUILDER, ""), limit);
        kill(builder.getId());
    }

    /** Ends all that runs in it, at once; harmless if it has ended. */
    void kill(String container) {
        try {
            docker().killContainerCmd(container).exec();
        } catch (NotFoundException | ConflictException e) {
            LOG.debug("Container {} has ended already", container);
        }
    }

    void removeJournal(String container) {
        try {
            remove(container);
            journals.remove(container);
        } catch (RuntimeException e) {
            // The sweep finds it, or its lease ends it.
            journals.remove(container);
            LOG.debug("A container of a journal stays until the next sweep: {}", EngineFailures.line(e));
        }
    }

    void start(String container) {
        docker().startContainerCmd(container).exec();
    }

    /** The container's first process on this machine; null if it is another machine's, or has ended. */
    @Nullable
    Long process(String container) {
        Long process = docker().inspectContainerCmd(container).exec().getState().getPidLong();
        return process != null && process > 0 && engine.host().startsWith(EngineAddress.UNIX) ? process : null;
    }

    /** Makes all files of a workspace those of the user of its sandbox. */
    void giveWorkspace(SandboxPlan plan) throws RunnerException {
        String chore = factory.create(
                docker(),
                new OwnershipPlan(
                        Instance.newName(),
                        plan.image(),
                        Objects.requireNonNull(plan.volume()),
                        plan.contributed().caches(),
                        plan.user()));
        Integer exit = chore(chore);
        if (exit == null || exit != 0) {
            throw new RunnerException(
                    Kind.SANDBOX, "the workspace could not be given to " + plan.user() + " (exit code " + exit + ")");
        }
    }

    /** Waits until it has ended, and removes it. @return its exit code; null if it did not end */
    private @Nullable Integer chore(String container) {
        try {
            start(container);
            return engine.streams()
                    .waitContainerCmd(container)
                    .exec(new WaitContainerResultCallback())
                    .awaitStatusCode(CHORE_SECONDS, TimeUnit.SECONDS);
        } finally {
            remove(container);
        }
    }

    /** Makes it unless it is there. */
    void createVolume(String name, @Nullable String conversation) throws RunnerException {
        if (!makeVolume(name, conversation)) {
            throw new RunnerException(Kind.SANDBOX, "the volume " + name + " belongs to somebody else");
        }
    }

    /**
     * Makes one, whose name nobody had.
     *
     * @param named hears of each name that is tried, before it is: what has it from then on is to be left alone by sweeps
     */
    void createNewVolume(@Nullable String conversation, Consumer<String> named) throws RunnerException {
        for (int attempt = 1; attempt <= SandboxFactory.NAMES; attempt++) {
            String name = labels.name(Instance.newName());
            named.accept(name);
            if (makeVolume(name, conversation)) {
                return;
            }
        }
        throw new RunnerException(Kind.SANDBOX, "every name for a volume is taken by somebody else");
    }

    private boolean makeVolume(String name, @Nullable String conversation) {
        Map<String, String> marks = new HashMap<>(labels.filter());
        if (conversation != null) {
            marks.put(Labels.CONVERSATION, conversation);
        }
        docker().createVolumeCmd().withName(name).withLabels(marks).exec();
        // An engine gives back what is there of that name, whoever made it.
        return isOurs(docker().inspectVolumeCmd(name).exec());
    }

    /** Makes the volume in which a sandbox and its proxy meet. */
    void createEgressVolume(String sandbox) throws RunnerException {
        createVolume(labels.egressVolume(sandbox), null);
    }

    /** The same for a sandbox that is just being made. @return false if somebody else has its name: take another sandbox */
    boolean makeEgressVolume(String sandbox) {
        return makeVolume(labels.egressVolume(sandbox), null);
    }

    void removeEgressVolume(String sandbox) {
        removeVolumeLater(labels.egressVolume(sandbox));
    }

    String egressVolume(String sandbox) {
        return labels.egressVolume(sandbox);
    }

    /** Removes a container of this installation, whatever it does and even if it has gone. */
    void removeQuietly(String container) {
        try {
            remove(container);
        } catch (RuntimeException e) {
            // The sweep finds it, or its lease ends it.
            LOG.warn("A container could not be removed: {}", EngineFailures.line(e));
        }
    }

    /** Removes what the engine made for a sandbox without telling: its answer was lost. */
    void removeUnanswered(String sandbox) {
        try {
            all().stream()
                    .filter(container -> sandbox.equals(container.getLabels().get(Labels.SANDBOX)))
                    .forEach(container -> remove(container.getId()));
        } catch (RuntimeException e) {
            LOG.debug(
                    "What there is of sandbox {} stays until the engine is back: {}", sandbox, EngineFailures.line(e));
        }
    }

    private boolean isOurs(InspectVolumeResponse volume) {
        Map<String, String> marks = volume.getLabels();
        return marks != null && labels.instance().equals(marks.get(Labels.INSTANCE));
    }

    void removeVolume(String name) {
        try {
            if (isOurs(docker().inspectVolumeCmd(name).exec())) {
                removeOurs(name);
            }
        } catch (NotFoundException e) {
            LOG.debug("Volume {} was removed already", name);
            slow.remove(name);
        }
    }

    private void removeOurs(String name) {
        try {
            if (slow.contains(name)) {
                empty(name);
            }
            docker().removeVolumeCmd(name).exec();
        } catch (InternalServerErrorException e) {
            LOG.info("The engine cannot remove volume {}, which is emptied first: {}", name, EngineFailures.line(e));
            empty(name);
            docker().removeVolumeCmd(name).exec();
        } catch (RuntimeException e) {
            if (EngineFailures.isSilence(e)) {
                slow.add(name);
            }
            throw e;
        }
        slow.remove(name);
    }

    private void empty(String volume) {
        chore(factory.create(docker(), new EmptyingPlan(Instance.newName(), base(), volume)));
    }

    private String base() {
        try {
            return images.base();
        } catch (RunnerException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    /** The volume of a workspace, and its caches. */
    void removeWorkspace(String name) {
        removeCaches(name);
        removeVolume(name);
    }

    /** The same, later if need be. */
    void removeWorkspaceLater(String name) {
        try {
            removeCaches(name);
        } catch (RuntimeException e) {
            LOG.debug("The caches of {} stay until the next sweep: {}", name, EngineFailures.line(e));
        }
        removeVolumeLater(name);
    }

    private void removeCaches(String workspace) {
        volumes().keySet().stream()
                .filter(name -> workspace.equals(Contributed.workspaceOf(name)))
                .forEach(this::removeVolumeLater);
    }

    /** Removes it now or, if a container still has it, at the next sweep. */
    void removeVolumeLater(String name) {
        try {
            removeVolume(name);
        } catch (RuntimeException e) {
            LOG.debug("Volume {} stays until the next sweep: {}", name, EngineFailures.line(e));
        }
    }

    /**
     * Removes this installation's containers that have ended.
     *
     * @param known sandboxes to leave alone; asked when it is known what there is
     * @return those that run, the newest first
     */
    List<Sweep.Found> sweep(Supplier<Set<String>> known) {
        List<Container> all = all();
        return sweep(all, known.get());
    }

    /**
     * Removes this installation's containers of which nobody knows, like those that an engine made though it never said so.
     *
     * @param known sandboxes to leave alone; asked when it is known what there is
     * @param before younger ones may be just being made
     */
    void tidy(Supplier<Set<String>> known, Instant before) {
        List<Container> old = all().stream()
                .filter(container ->
                        Instant.ofEpochSecond(container.getCreated()).isBefore(before))
                .toList();
        if (!old.isEmpty()) {
            sweep(old, known.get()).forEach(this::remove);
        }
    }

    /** Removes a sandbox that somebody left, and what serves it. */
    void remove(Sweep.Found found) {
        found.sidecars().forEach(this::removeQuietly);
        Stream.of(found.pause(), found.egress()).filter(Objects::nonNull).forEach(this::removeQuietly);
        removeQuietly(found.container());
        removeEgressVolume(found.id());
    }

    private List<Container> all() {
        return docker().listContainersCmd()
                .withShowAll(true)
                .withLabelFilter(labels.filter())
                .exec();
    }

    /** One that the engine does not remove keeps nobody from working; the next sweep tries again. */
    private List<Sweep.Found> sweep(List<Container> all, Set<String> known) {
        Sweep sweep = Sweep.of(all, known, steps.busy(), journals, settings);
        sweep.litter().forEach(this::removeQuietly);
        return sweep.found();
    }

    private void remove(String container) {
        try {
            docker().removeContainerCmd(container)
                    .withForce(true)
                    .withRemoveVolumes(true)
                    .exec();
        } catch (NotFoundException | ConflictException e) {
            LOG.debug("Container {} is being removed already", container);
        }
    }

    /** Removes all containers of this installation, whatever they do, but these sandboxes and what serves them. */
    void removeAllBut(Set<String> sandboxes) {
        List<Container> all = new ArrayList<>(all());
        all.sort(Comparator.comparing(container -> REMOVED_FIRST.stream()
                .filter(container.getLabels()::containsKey)
                .mapToInt(REMOVED_FIRST::indexOf)
                .findFirst()
                .orElse(REMOVED_FIRST.size())));
        for (Container container : all) {
            Map<String, String> marks = container.getLabels();
            boolean isNeeded = Stream.of(Labels.SANDBOX, Labels.BESIDE, Labels.PAUSE, Labels.EGRESS)
                    .map(marks::get)
                    .anyMatch(served -> served != null && sandboxes.contains(served));
            if (!isNeeded) {
                removeQuietly(container.getId());
            }
        }
    }

    /** The volumes of workspaces that are there, each with the conversation that its label tells, or an empty text. */
    Map<String, String> workspaces() {
        String prefix = labels.egressVolume("");
        Map<String, String> workspaces = new LinkedHashMap<>();
        volumes().forEach((name, conversation) -> {
            if (!name.startsWith(prefix) && Contributed.workspaceOf(name) == null) {
                workspaces.put(name, conversation);
            }
        });
        return workspaces;
    }

    /** Removes this installation's volumes but those needed and the caches that belong to them, which is asked when it is known what there is. */
    void sweepVolumes(Supplier<Set<String>> needed) {
        Set<String> found = volumeNames();
        Set<String> kept = new HashSet<>(needed.get());
        steps.busy().forEach(builder -> kept.add(labels.egressVolume(builder)));
        found.removeIf(name -> {
            String workspace = Contributed.workspaceOf(name);
            return kept.contains(workspace == null ? name : workspace);
        });
        found.forEach(this::removeVolumeLater);
    }

    /** Of this installation, whatever they are for. */
    Set<String> volumeNames() {
        return new LinkedHashSet<>(volumes().keySet());
    }

    private Map<String, String> volumes() {
        List<InspectVolumeResponse> found = docker().listVolumesCmd()
                .withFilter("label", List.of(Labels.INSTANCE + "=" + labels.instance()))
                .exec()
                .getVolumes();
        Map<String, String> volumes = new LinkedHashMap<>();
        if (found != null) {
            for (InspectVolumeResponse volume : found) {
                Map<String, String> marks = volume.getLabels();
                volumes.put(volume.getName(), marks == null ? "" : marks.getOrDefault(Labels.CONVERSATION, ""));
            }
        }
        return volumes;
    }
}
