package org.rungpt.runner.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import com.github.dockerjava.api.model.RestartPolicy;
import com.github.dockerjava.api.model.Ulimit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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
        boolean workspace = plan.action() == null;
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
                .withHostConfig(hostConfig(workspace, plan.volume()));
        return command.exec().getId();
    }

    private HostConfig hostConfig(boolean workspace, @Nullable String volume) {
        HostConfig host = HostConfig.newHostConfig()
                .withPrivileged(false)
                .withCapDrop(Capability.ALL)
                // The default seccomp profile stays: it is in force unless somebody says otherwise.
                .withSecurityOpts(List.of("no-new-privileges:true"))
                .withReadonlyRootfs(!workspace)
                .withNetworkMode("none")
                .withIpcMode("private")
                .withMemory(settings.memory())
                .withMemorySwap(settings.memory())
                .withCpuPeriod(CPU_PERIOD)
                .withCpuQuota(Math.round(settings.cpus() * CPU_PERIOD))
                .withPidsLimit((long) settings.pids())
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
        } else {
            host.withTmpFs(writablePlaces(volume == null));
        }
        if (volume != null) {
            host.withMounts(List.of(new Mount()
                    .withType(MountType.VOLUME)
                    .withSource(volume)
                    .withTarget("/workspace")
                    .withReadOnly(false)));
        }
        return host;
    }

    /** Where a program on a read-only file system can write. Owner by option: some runc ignore {@code mode=}. */
    private static Map<String, String> writablePlaces(boolean withWorkspace) {
        String owner = ",uid=65532,gid=65532";
        Map<String, String> places = new LinkedHashMap<>();
        places.put("/tmp", "rw,noexec,nosuid,nodev,size=64m" + owner);
        places.put("/rungpt/out", "rw,noexec,nosuid,nodev,size=64m" + owner);
        places.put("/var/lib/rungpt", "rw,noexec,nosuid,nodev,size=96m" + owner);
        if (withWorkspace) {
            places.put("/workspace", "rw,nosuid,nodev,size=128m" + owner);
        }
        return places;
    }
}
