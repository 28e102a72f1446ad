package org.rungpt.runner.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The attributes that security asks of every container of this installation, whatever it is for. */
final class Gate {
    private static final Set<Capability> ALLOWED = Set.of(
            Capability.CHOWN,
            Capability.DAC_OVERRIDE,
            Capability.FOWNER,
            Capability.KILL,
            Capability.SETGID,
            Capability.SETUID);

    private Gate() {}

    /** @param shared the only directories of the host that may be mounted */
    static List<String> violations(InspectContainerResponse container, String... shared) {
        HostConfig host = container.getHostConfig();
        Map<String, String> marks = container.getConfig().getLabels();
        List<String> found = new ArrayList<>();
        check(found, "privileged", !Boolean.TRUE.equals(host.getPrivileged()));
        check(found, "dropped capabilities", List.of(host.getCapDrop()).equals(List.of(Capability.ALL)));
        check(
                found,
                "added capabilities",
                host.getCapAdd() == null || ALLOWED.containsAll(Arrays.asList(host.getCapAdd())));
        check(found, "security options", host.getSecurityOpts().equals(List.of("no-new-privileges:true")));
        check(found, "network", isNetworkAllowed(String.valueOf(host.getNetworkMode()), marks));
        check(found, "pid mode", isPidModeAllowed(host.getPidMode(), marks));
        check(found, "ipc mode", "private".equals(host.getIpcMode()));
        check(found, "uts mode", !"host".equals(host.getUtSMode()));
        check(found, "user namespace", !"host".equals(host.getUsernsMode()));
        check(
                found,
                "cgroup parent",
                host.getCgroupParent() == null || host.getCgroupParent().isEmpty());
        check(found, "memory", positive(host.getMemory()) && host.getMemory().equals(host.getMemorySwap()));
        check(
                found,
                "cpu",
                positive(host.getCpuQuota()) && positive(host.getCpuPeriod()) || positive(host.getNanoCPUs()));
        check(found, "pids", host.getPidsLimit() != null && host.getPidsLimit() >= 1 && host.getPidsLimit() <= 1024);
        check(found, "devices", host.getDevices() == null || host.getDevices().length == 0);
        check(
                found,
                "device requests",
                host.getDeviceRequests() == null || host.getDeviceRequests().isEmpty());
        check(found, "binds", host.getBinds() == null || host.getBinds().length == 0);
        check(
                found,
                "mounts",
                mounts(host).stream()
                        .allMatch(mount -> isMountAllowed(mount, List.of(shared)) || isMeasured(mount, marks)));
        check(found, "volumes from", host.getVolumesFrom() == null || host.getVolumesFrom().length == 0);
        check(
                found,
                "restart policy",
                List.of("no", "")
                        .contains(String.valueOf(host.getRestartPolicy().getName())));
        check(found, "published ports", !Boolean.TRUE.equals(host.getPublishAllPorts()) && noPorts(host));
        check(found, "log", isLogCapped(host.getLogConfig()));
        check(found, "init", Boolean.TRUE.equals(host.getInit()));
        check(found, "out-of-memory killer", !Boolean.TRUE.equals(host.getOomKillDisable()));
        check(found, "auto-remove", !Boolean.TRUE.equals(host.getAutoRemove()));
        check(found, "tty", !container.getConfig().getTty());
        check(found, "read-only root", isRootAllowed(host, marks));
        check(
                found,
                "label",
                marks.get(Labels.INSTANCE) != null
                        && !marks.get(Labels.INSTANCE).isEmpty());
        check(
                found,
                "limits",
                host.getUlimits() != null
                        && Arrays.stream(host.getUlimits())
                                .anyMatch(limit -> limit.getName().equals("nofile"))
                        && Arrays.stream(host.getUlimits())
                                .anyMatch(limit -> limit.getName().equals("fsize")));
        return found;
    }

    private static boolean isNetworkAllowed(String mode, Map<String, String> marks) {
        if (marks.containsKey(Labels.SIDECAR) || marks.containsKey(Labels.PAUSE)) {
            return mode.startsWith("container:");
        }
        // The proxy has one, and nothing else.
        boolean networked = marks.containsKey(Labels.EGRESS);
        return mode.equals("none") || networked && !mode.equals("host") && !mode.startsWith("container:");
    }

    private static boolean isPidModeAllowed(String mode, Map<String, String> marks) {
        return mode == null || mode.isEmpty() || marks.containsKey(Labels.SIDECAR) && mode.startsWith("container:");
    }

    private static boolean isRootAllowed(HostConfig host, Map<String, String> marks) {
        boolean workspace = marks.containsKey(Labels.SANDBOX) && !marks.containsKey(Labels.ACTION);
        boolean builder = marks.keySet().stream().anyMatch(key -> key.contains("builder"));
        return Boolean.TRUE.equals(host.getReadonlyRootfs())
                || workspace
                || builder
                || marks.containsKey(Labels.SIDECAR);
    }

    private static List<Mount> mounts(HostConfig host) {
        return host.getMounts() == null ? List.of() : host.getMounts();
    }

    private static boolean isMountAllowed(Mount mount, List<String> shared) {
        if (mount.getType() == MountType.VOLUME) {
            return mount.getSource().startsWith("rungpt-") && !mount.getSource().contains("/");
        }
        if (mount.getType() == MountType.TMPFS) {
            return true;
        }
        return shared.contains(mount.getSource()) && !mount.getSource().contains("docker.sock");
    }

    /** The engine names the volumes that images of sidecars declare. */
    private static boolean isMeasured(Mount mount, Map<String, String> marks) {
        return marks.containsKey(Labels.METER)
                && mount.getType() == MountType.VOLUME
                && Boolean.TRUE.equals(mount.getReadOnly())
                && mount.getSource().matches("[0-9a-f]{64}");
    }

    private static boolean noPorts(HostConfig host) {
        return host.getPortBindings() == null
                || host.getPortBindings().getBindings().isEmpty();
    }

    private static boolean isLogCapped(LogConfig log) {
        return log.getType() == LogConfig.LoggingType.NONE
                || log.getType().getType().equals("json-file")
                        && log.getConfig() != null
                        && log.getConfig().containsKey("max-size");
    }

    private static boolean positive(Long number) {
        return number != null && number > 0;
    }

    private static void check(List<String> found, String what, boolean good) {
        if (!good) {
            found.add(what);
        }
    }
}
