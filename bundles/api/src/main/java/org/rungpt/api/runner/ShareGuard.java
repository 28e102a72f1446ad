package org.rungpt.api.runner;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/** Says whether a host directory may be shared, before it is granted. The runner checks again when it gives it to a sandbox. Any thread; reads attributes only, never files. */
@ConsumerType
public interface ShareGuard {
    /**
     * Checks a share.
     *
     * @return what would be shared
     * @throws RunnerException of kind {@link RunnerException.Kind#GRANT} if it may not be shared; the message says why and what helps
     */
    Checked check(Grants.Share share) throws RunnerException;

    /**
     * What would be shared.
     *
     * @param share the share, its source without symbolic links
     * @param owner the directory's owner, {@code uid:gid}; a writable share makes its sandbox run as it
     * @param notes what somebody who approves should know, one sentence each
     */
    record Checked(Grants.Share share, String owner, List<String> notes) {
        public Checked {
            notes = List.copyOf(notes);
        }
    }
}
