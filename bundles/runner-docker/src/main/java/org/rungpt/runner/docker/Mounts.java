package org.rungpt.runner.docker;

import com.github.dockerjava.api.model.BindOptions;
import com.github.dockerjava.api.model.BindPropagation;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import com.github.dockerjava.api.model.TmpfsOptions;
import com.github.dockerjava.api.model.VolumeOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a sandbox sees of the outside: its workspace, its writable places, and what its border lets through. */
final class Mounts {
    private static final long PAGE = 4096;

    /** Of a sandbox on a read-only file system, in words. */
    static final String PLACES = "64 MiB in /tmp, 64 MiB in RUNGPT_OUT, 128 MiB in a /workspace of its own";

    private Mounts() {}

    /** Mounts only, never binds: those would make missing directories of the host, as root. */
    static void apply(SandboxPlan plan, Labels labels, boolean podman, HostConfig host) {
        List<Mount> mounts = new ArrayList<>();
        String volume = plan.volume();
        if (volume != null) {
            mounts.add(workspace(volume, labels));
            plan.contributed().caches().forEach(cache -> mounts.add(cache(volume, cache, labels)));
        }
        plan.shares().all().forEach(checked -> addShare(checked, mounts));
        plan.contributed().directories().forEach(checked -> addShare(checked, mounts));
        mounts.add(egress(plan.id(), labels, true));
        host.withMounts(mounts);
        if (!plan.purpose().isWorkspace()) {
            host.withTmpFs(writablePlaces(podman ? ",U" : owner(plan.user()), volume == null));
        }
    }

    static void apply(OwnershipPlan plan, Labels labels, HostConfig host) {
        List<Mount> mounts = new ArrayList<>(List.of(workspace(plan.volume(), labels)));
        plan.caches().forEach(cache -> mounts.add(cache(plan.volume(), cache, labels)));
        host.withMounts(mounts);
    }

    static void apply(EmptyingPlan plan, Labels labels, HostConfig host) {
        host.withMounts(List.of(workspace(plan.volume(), labels)));
    }

    static void apply(JournalPlan plan, Labels labels, HostConfig host) {
        host.withMounts(List.of(workspace(plan.volume(), labels)));
    }

    static void apply(DiskPlan plan, Labels labels, HostConfig host) {
        List<Mount> mounts = new ArrayList<>();
        for (String volume : plan.volumes()) {
            mounts.add(new Mount()
                    .withType(MountType.VOLUME)
                    .withSource(volume)
                    .withTarget(DiskPlan.PLACE + mounts.size())
                    .withReadOnly(true)
                    .withVolumeOptions(new VolumeOptions().withNoCopy(true).withLabels(labels.filter())));
        }
        host.withMounts(mounts);
    }

    /** An engine makes a volume that is not there: then it is marked as ours, and swept. */
    private static Mount workspace(String volume, Labels labels) {
        return new Mount()
                .withType(MountType.VOLUME)
                .withSource(volume)
                .withTarget("/workspace")
                .withReadOnly(false)
                .withVolumeOptions(new VolumeOptions().withLabels(labels.filter()));
    }

    private static Mount cache(String workspace, String cache, Labels labels) {
        return new Mount()
                .withType(MountType.VOLUME)
                .withSource(Contributed.volume(workspace, cache))
                .withTarget(Contributed.CACHES + cache)
                .withReadOnly(false)
                .withVolumeOptions(new VolumeOptions().withLabels(labels.filter()));
    }

    /** What is mounted on either side later stays on that side. */
    private static void addShare(CheckedShare checked, List<Mount> mounts) {
        mounts.add(new Mount()
                .withType(MountType.BIND)
                .withSource(checked.share().source())
                .withTarget(checked.target())
                .withReadOnly(!checked.share().writable())
                .withBindOptions(new BindOptions().withPropagation(BindPropagation.R_PRIVATE)));
        for (Path covered : checked.covered()) {
            mounts.add(new Mount()
                    .withType(MountType.TMPFS)
                    .withTarget(checked.target() + "/" + covered)
                    .withReadOnly(true)
                    .withTmpfsOptions(new TmpfsOptions().withSizeBytes(PAGE)));
        }
    }

    static void apply(EgressPlan plan, Labels labels, HostConfig host) {
        host.withMounts(List.of(egress(plan.sandbox(), labels, false)));
    }

    /** A step of a build finds the socket of its proxy where a sandbox does. */
    static void applyEgress(String builder, Labels labels, HostConfig host) {
        host.withMounts(List.of(egress(builder, labels, true)));
    }

    /** Where a sandbox finds the socket of its proxy, once there is one: until then it is empty. */
    private static Mount egress(String sandbox, Labels labels, boolean readOnly) {
        return new Mount()
                .withType(MountType.VOLUME)
                .withSource(labels.egressVolume(sandbox))
                .withTarget("/run/rungpt/egress")
                .withReadOnly(readOnly)
                .withVolumeOptions(new VolumeOptions().withLabels(labels.filter()));
    }

    /** By option: some runc ignore {@code mode=}. Podman refuses these, and has one of its own for the container's user. */
    private static String owner(String user) {
        return ",uid=" + user.replace(":", ",gid=");
    }

    /** Where a program on a read-only file system can write. */
    private static Map<String, String> writablePlaces(String owner, boolean withWorkspace) {
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
