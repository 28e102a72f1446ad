package org.rungpt.runner.docker;

import java.nio.file.Path;
import java.util.List;
import org.rungpt.api.runner.Grants.Share;

/**
 * A share as its directory is now.
 *
 * @param share its source without links
 * @param key which directory it is, whatever its name
 * @param uid its owner
 * @param gid its group
 * @param mode its permissions
 * @param covered what in it nobody sees, relative to it
 */
record CheckedShare(Share share, String key, int uid, int gid, int mode, List<Path> covered) {
    private static final int OTHERS_READ = 05;

    CheckedShare {
        covered = List.copyOf(covered);
    }

    String owner() {
        return uid + ":" + gid;
    }

    boolean isReadableByOthers() {
        return (mode & OTHERS_READ) == OTHERS_READ;
    }

    String target() {
        return "/share/" + share.name();
    }
}
