package org.rungpt.runner.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.RestartPolicy;
import com.github.dockerjava.api.model.Ulimit;
import java.util.List;

/** The one place where containers are made. What is not allowed here, no sandbox has. */
final class SandboxFactory {
    /** Who runs third-party actions: nobody that exists on the host. */
    static final String NOBODY = "65532:65532";

    /** What packages and their installation need of root; not among them: any device, network or kernel right. */
    private static final Capability[] ROOT_OF_WORKSPACE = {
        Capability.CHOWN,
        Capability.DAC_OVERRIDE,
        Capability.FOWNER,
        Capability.KILL,
        Capability.SETGID,
        Capability.SETUID
    };

    private static final long CPU_PERIOD = 100_000;
    private static final long MAX_FILE = 2L << 30;

    private final Settings settings;
    private final Labels labels;

    SandboxFactory(Settings settings, Labels labels) {
        this.settings = settings;
        this.labels = labels;
    }

    /** Creates the container, without starting it. */
    String create(DockerClient docker, SandboxPlan plan) {
        boolean workspace = plan.purpose().isWorkspace();
        CreateContainerCmd command = docker.createContainerCmd(plan.image())
                .withName("rungpt-" + labels.instance().substring(0, 8) + "-" + plan.id())
                .withHostName(plan.id())
                .withLabels(labels.of(plan, settings.lease()))
                .withUser(workspace ? "0:0" : NOBODY)
                .withWorkingDir("/workspace")
                .withCmd("--lease", Long.toString(settings.lease().toSeconds()))
                .withTty(false)
                .withStdinOpen(true)
                .withStdInOnce(false)
                .withAttachStdin(true)
                .withAttachStdout(true)
                .withAttachStderr(true)
                .withStopTimeout(5)
                .withHostConfig(hostConfig(plan));
        return command.exec().getId();
    }

    private HostConfig hostConfig(SandboxPlan plan) {
        boolean workspace = plan.purpose().isWorkspace();
        Bounds bounds = plan.purpose().bounds();
        HostConfig host = HostConfig.newHostConfig()
                .withPrivileged(false)
                .withCapDrop(Capability.ALL)
                // The default seccomp profile stays: it is in force unless somebody says otherwise.
                .withSecurityOpts(List.of("no-new-privileges:true"))
                .withReadonlyRootfs(!workspace)
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
                    new Ulimit("nofile", 4096L, 4096L),
                    new Ulimit("core", 0L, 0L),
                    new Ulimit("fsize", MAX_FILE, MAX_FILE)
                })
                // The frames of the protocol are no log.
                .withLogConfig(new LogConfig(LogConfig.LoggingType.NONE))
                .withRestartPolicy(RestartPolicy.noRestart())
                // Why it ended is asked for before it is removed.
                .withAutoRemove(false)
                .withPublishAllPorts(false);
        if (workspace) {
            host.withCapAdd(ROOT_OF_WORKSPACE);
        }
        Mounts.apply(plan, host);
        return host;
    }
}
