package org.rungpt.runner.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.RestartPolicy;
import com.github.dockerjava.api.model.Ulimit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The one place where containers are made. What is not allowed here, no sandbox has. */
final class SandboxFactory {
    /** What packages and their installation need of root; not among them: any device, network or kernel right. */
    private static final Capability[] ROOT_OF_WORKSPACE = {
        Capability.CHOWN,
        Capability.DAC_OVERRIDE,
        Capability.FOWNER,
        Capability.KILL,
        Capability.SETGID,
        Capability.SETUID
    };

    /** What the usual entry points of servers need before they give up being root. */
    private static final Capability[] SERVER = {
        Capability.CHOWN, Capability.DAC_OVERRIDE, Capability.FOWNER, Capability.SETGID, Capability.SETUID
    };

    private static final Bounds EGRESS = new Bounds(128L << 20, 1, 64, 64L << 20);
    /** How many names are tried. */
    static final int NAMES = 3;

    private static final long CPU_PERIOD = 100_000;
    /** In each process. */
    static final long OPEN_FILES = 4096;

    private final Settings settings;
    private final Labels labels;

    SandboxFactory(Settings settings, Labels labels) {
        this.settings = settings;
        this.labels = labels;
    }

    /** Creates the container, without starting it. */
    String create(Engine engine, SandboxPlan plan) {
        CreateContainerCmd command = engine.control()
                .createContainerCmd(plan.image())
                .withHostName(plan.id())
                .withLabels(labels.of(plan, settings.lease()))
                .withUser(plan.user())
                .withWorkingDir("/workspace")
                .withCmd("--lease", Long.toString(settings.lease().toSeconds()))
                .withTty(false)
                .withStdinOpen(true)
                .withStdInOnce(false)
                .withAttachStdin(true)
                .withAttachStdout(true)
                .withAttachStderr(true)
                .withStopTimeout(5)
                .withHostConfig(hostConfig(plan, engine.isPodman()));
        return named(command, plan.id());
    }

    /**
     * Creates the container of a sidecar, without starting it. It has the user and file system that its image wants, the rights that
     * servers need to change to their own user, and no network but its sandbox's. Whose sandbox has fewer rights than it has, it does not
     * see: by their entries in {@code /proc} a process leads to all that others have, for whoever may become its user. Nor has it more rights
     * than a sandbox that writes into a share: on the network that is theirs both ways lead, and a process can hand over what it has open.
     */
    String create(Engine engine, SidecarPlan plan) {
        HostConfig host = hardened(plan.bounds(), false)
                // Among processes that have one it reaps what it leaves; Podman refuses another.
                .withInit(!engine.isPodman())
                .withNetworkMode("container:" + plan.container())
                .withPidMode("container:" + plan.processes())
                .withLogConfig(
                        new LogConfig(LogConfig.LoggingType.JSON_FILE, Map.of("max-size", "256k", "max-file", "1")));
        String writer = plan.writer();
        if (writer == null) {
            host.withCapAdd(SERVER);
        }
        CreateContainerCmd command = engine.control()
                .createContainerCmd(plan.image())
                .withLabels(labels.of(plan))
                .withEnv(plan.spec().environment().entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .toList())
                .withTty(false)
                .withStopTimeout(5)
                .withHostConfig(host);
        if (writer != null) {
            command.withUser(writer);
        }
        return named(command, plan.id());
    }

    /** Creates the container with which the sidecars of a sandbox end, without starting it. */
    String create(DockerClient docker, PausePlan plan) {
        CreateContainerCmd command = docker.createContainerCmd(plan.image())
                .withLabels(labels.of(plan))
                .withUser(SandboxPlan.NOBODY)
                .withWorkingDir("/")
                .withEntrypoint(PausePlan.COMMAND)
                .withCmd(List.of())
                .withTty(false)
                .withStopTimeout(1)
                .withHostConfig(hardened(PausePlan.BOUNDS, true).withNetworkMode("container:" + plan.container()));
        return named(command, plan.id());
    }

    /** Creates a container that gives all files of a workspace to a user and ends, without starting it. */
    String create(DockerClient docker, OwnershipPlan plan) {
        HostConfig host = hardened(OwnershipPlan.BOUNDS, true)
                .withCapAdd(Capability.CHOWN, Capability.DAC_OVERRIDE, Capability.FOWNER);
        Mounts.apply(plan, labels, host);
        List<String> arguments =
                new ArrayList<>(List.of("--recursive", "--no-dereference", "--", plan.user(), "/workspace"));
        plan.caches().forEach(cache -> arguments.add(Contributed.CACHES + cache));
        CreateContainerCmd command = docker.createContainerCmd(plan.image())
                .withLabels(labels.ofChore(plan.id()))
                .withUser("0:0")
                .withWorkingDir("/")
                .withEntrypoint("/bin/chown")
                .withCmd(arguments)
                .withTty(false)
                .withStopTimeout(1)
                .withHostConfig(host);
        return named(command, plan.id());
    }

    /** Creates a container that empties a volume and ends, without starting it. */
    String create(DockerClient docker, EmptyingPlan plan) {
        HostConfig host = hardened(EmptyingPlan.BOUNDS, true).withCapAdd(Capability.DAC_OVERRIDE, Capability.FOWNER);
        Mounts.apply(plan, labels, host);
        CreateContainerCmd command = docker.createContainerCmd(plan.image())
                .withLabels(labels.ofChore(plan.id()))
                .withUser("0:0")
                .withWorkingDir("/")
                .withEntrypoint(EmptyingPlan.COMMAND)
                .withCmd(List.of())
                .withTty(false)
                .withStopTimeout(1)
                .withHostConfig(host);
        return named(command, plan.id());
    }

    /**
     * Creates the container of a step of a build, without starting it. Like a workspace sandbox, without a workspace.
     *
     * @param token by which its proxy knows it; null for none
     */
    String createBuilder(DockerClient docker, String id, BuildStep step, @Nullable String token, long seconds) {
        HostConfig host = hardened(Bounds.ofBuild(settings), false).withCapAdd(ROOT_OF_WORKSPACE);
        if (token != null) {
            Mounts.applyEgress(id, labels, host);
        }
        CreateContainerCmd command = docker.createContainerCmd(step.image());
        if (step.directory() != null) {
            command.withUser("0:0").withWorkingDir(step.directory());
        }
        command.withHostName("build")
                .withLabels(labels.ofBuilder(id))
                .withEntrypoint(
                        step.entrypoint(seconds, token, settings.egress().mirrors()))
                .withCmd(List.of())
                .withTty(false)
                .withAttachStdout(true)
                .withAttachStderr(true)
                .withStopTimeout(5)
                .withHostConfig(host);
        return named(command, "build-" + id);
    }

    /** Creates the container of a sandbox's proxy, without starting it: it alone has a network, and nothing else. */
    String create(DockerClient docker, EgressPlan plan) {
        HostConfig host = hardened(EGRESS, true)
                .withNetworkMode(settings.egress().network())
                .withDns(settings.egress().dns());
        Mounts.apply(plan, labels, host);
        CreateContainerCmd command = docker.createContainerCmd(plan.image())
                .withLabels(labels.of(plan, settings.lease()))
                .withUser(SandboxPlan.NOBODY)
                .withWorkingDir("/")
                .withEntrypoint("/usr/bin/python3", "-IS", "/usr/local/bin/egress-proxy")
                .withCmd("--lease", Long.toString(settings.lease().toSeconds()))
                .withTty(false)
                .withStdinOpen(true)
                .withStdInOnce(false)
                .withAttachStdin(true)
                .withAttachStdout(true)
                .withAttachStderr(true)
                .withStopTimeout(2)
                .withHostConfig(host);
        // A name of its own: the one that it follows may still be on its way out.
        return named(command, "egress-" + Instance.newName());
    }

    /** Creates the container that keeps the journal of a workspace, without starting it. */
    String create(DockerClient docker, JournalPlan plan) {
        HostConfig host = hardened(JournalPlan.BOUNDS, true)
                .withCapAdd(Capability.CHOWN, Capability.DAC_OVERRIDE, Capability.FOWNER);
        Mounts.apply(plan, labels, host);
        CreateContainerCmd command = docker.createContainerCmd(plan.image())
                .withLabels(labels.of(plan, settings.lease()))
                .withUser("0:0")
                .withWorkingDir("/")
                .withEntrypoint("/usr/bin/python3", "-IS", "/usr/local/bin/workspace-journal")
                .withCmd("--lease", Long.toString(settings.lease().toSeconds()))
                .withTty(false)
                .withStdinOpen(true)
                .withStdInOnce(false)
                .withAttachStdin(true)
                .withAttachStdout(true)
                .withAttachStderr(true)
                .withStopTimeout(1)
                .withHostConfig(host);
        return named(command, plan.id());
    }

    /** Creates the container that measures volumes, without starting it. Whoever attaches first to it takes it along when they go. */
    String create(DockerClient docker, DiskPlan plan) {
        // To look into directories that are closed to others; it cannot write anywhere.
        HostConfig host = hardened(DiskPlan.BOUNDS, true).withCapAdd(Capability.DAC_OVERRIDE);
        Mounts.apply(plan, labels, host);
        CreateContainerCmd command = docker.createContainerCmd(plan.image())
                .withLabels(labels.of(plan))
                .withUser("0:0")
                .withWorkingDir("/")
                .withEntrypoint(DiskPlan.COMMAND)
                .withCmd(List.of())
                .withTty(false)
                .withStdinOpen(true)
                .withStdInOnce(true)
                .withAttachStdin(true)
                .withAttachStdout(true)
                .withStopTimeout(1)
                .withHostConfig(host);
        return named(command, plan.id());
    }

    private HostConfig hostConfig(SandboxPlan plan, boolean podman) {
        HostConfig host = hardened(plan.purpose().bounds(), !plan.purpose().isWorkspace());
        if (plan.isRootOfWorkspace()) {
            host.withCapAdd(ROOT_OF_WORKSPACE);
        }
        Mounts.apply(plan, labels, podman, host);
        return host;
    }

    /** Finds the container of a step of a build, also if its making was never answered. */
    Map<String, String> builderFilter(String id) {
        return labels.ofBuilder(id);
    }

    /** A name that somebody else has, by chance or on purpose, is left to them: it gets another one. */
    private String named(CreateContainerCmd command, String id) {
        String name = labels.name(id);
        for (int attempt = 1; ; attempt++) {
            try {
                return command.withName(name).exec().getId();
            } catch (ConflictException e) {
                if (attempt == NAMES) {
                    throw e;
                }
                name = labels.name(id + "-" + Instance.newName());
            }
        }
    }

    /** What holds for every container. */
    private HostConfig hardened(Bounds bounds, boolean readOnly) {
        HostConfig host = HostConfig.newHostConfig()
                .withPrivileged(false)
                .withCapDrop(Capability.ALL)
                // The default seccomp profile stays: it is in force unless somebody says otherwise.
                .withSecurityOpts(List.of("no-new-privileges:true"))
                .withReadonlyRootfs(readOnly)
                .withNetworkMode("none")
                .withIpcMode("private")
                .withMemory(bounds.memory())
                .withMemorySwap(bounds.memory())
                .withCpuPeriod(CPU_PERIOD)
                .withCpuQuota(Math.round(bounds.cpus() * CPU_PERIOD))
                .withPidsLimit((long) bounds.pids())
                .withOomKillDisable(false)
                .withInit(true)
                .withUlimits(new Ulimit[] {
                    new Ulimit("nofile", OPEN_FILES, OPEN_FILES),
                    new Ulimit("core", 0L, 0L),
                    new Ulimit("fsize", bounds.disk(), bounds.disk())
                })
                // The frames of the protocol are no log.
                .withLogConfig(new LogConfig(LogConfig.LoggingType.NONE))
                .withRestartPolicy(RestartPolicy.noRestart())
                // Why it ended is asked for before it is removed.
                .withAutoRemove(false)
                .withPublishAllPorts(false);
        if (settings.runtime() != null) {
            host.withRuntime(settings.runtime());
        }
        return host;
    }
}
