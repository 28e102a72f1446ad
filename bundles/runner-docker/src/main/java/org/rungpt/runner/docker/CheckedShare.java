package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.Grants.Share;

/**
 * A share as its directory is now.
 *
 * @param share its source without links
 * @param key which directory it is, whatever its name: its device and inode
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

    /** As programs in a sandbox tell it too. */
    static String key(Path directory) throws IOException {
        return key(Files.readAttributes(directory, "unix:dev,ino"));
    }

    /** @param attributes dev and ino */
    static String key(Map<String, Object> attributes) {
        return unsigned(attributes.get("dev")) + " " + unsigned(attributes.get("ino"));
    }

    private static String unsigned(@Nullable Object number) {
        return number instanceof Long known ? Long.toUnsignedString(known) : "?";
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
