package org.rungpt.runner.docker;

import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a sandbox sees of the outside: its workspace, its writable places, and what its border lets through. */
final class Mounts {
    private Mounts() {}

    /** Mounts only, never binds: those would make missing directories of the host, as root. */
    static void apply(SandboxPlan plan, HostConfig host) {
        List<Mount> mounts = new ArrayList<>();
        String volume = plan.volume();
        if (volume != null) {
            mounts.add(new Mount()
                    .withType(MountType.VOLUME)
                    .withSource(volume)
                    .withTarget("/workspace")
                    .withReadOnly(false));
        }
        host.withMounts(mounts);
        if (!plan.purpose().isWorkspace()) {
            host.withTmpFs(writablePlaces(volume == null));
        }
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
