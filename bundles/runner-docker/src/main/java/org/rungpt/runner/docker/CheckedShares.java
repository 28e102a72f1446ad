package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.Grants.Share;
import org.rungpt.api.runner.RunnerException;

/** The shares of a sandbox that is being made: checked before, and once more when they are mounted. */
final class CheckedShares {
    /** Asks from inside the container. */
    interface Inside {
        /** Whether it sees the directory that was checked, as far as that can be told. */
        boolean isThere(CheckedShare share) throws RunnerException;
    }

    private final List<CheckedShare> all;
    private final ShareRules rules;

    CheckedShares(List<CheckedShare> all, ShareRules rules) {
        this.all = List.copyOf(all);
        this.rules = rules;
    }

    CheckedShares and(List<CheckedShare> more) {
        return new CheckedShares(Stream.concat(all.stream(), more.stream()).toList(), rules);
    }

    List<CheckedShare> all() {
        return all;
    }

    /** Who the whole sandbox runs as, {@code uid:gid}, because it may write into a share; null if it may not. */
    @Nullable
    String writer() {
        return all.stream()
                .filter(checked -> checked.share().writable())
                .map(CheckedShare::owner)
                .findFirst()
                .orElse(null);
    }

    /** Nobody is told in vain: a program that is not root may be unable to read what was shared with it. */
    void checkReadableBy(String user) throws RunnerException {
        for (CheckedShare checked : all) {
            boolean owner = user.startsWith(checked.uid() + ":");
            if (!owner && !checked.isReadableByOthers()) {
                throw ShareRules.refused(
                        checked.share(),
                        "the action runs as a user of its own and may not read it; make it readable for others (chmod"
                                + " o+rx)");
            }
        }
    }

    /**
     * Sees whether what was mounted is what was checked: its name still leads there, and the mounted directory is the same.
     *
     * @param process of the container on this machine; null if it is not known
     * @param inside asked what the machine does not let us see
     */
    void verify(@Nullable Long process, Inside inside) throws RunnerException {
        for (CheckedShare checked : all) {
            Share share = checked.share();
            CheckedShare now = rules.checkToMount(share);
            if (!now.share().source().equals(share.source()) || !now.key().equals(checked.key())) {
                throw exchanged(share);
            }
            String mounted = process == null ? null : mounted(process, checked);
            if (mounted == null ? !inside.isThere(checked) : !mounted.equals(checked.key())) {
                throw exchanged(share);
            }
        }
    }

    private static @Nullable String mounted(long process, CheckedShare checked) {
        try {
            return CheckedShare.key(Path.of("/proc/" + process + "/root" + checked.target()));
        } catch (IOException | RuntimeException e) {
            return null; // another machine's process, or not ours to see
        }
    }

    private static RunnerException exchanged(Share share) {
        return ShareRules.refused(share, "its directory was exchanged while the sandbox was made; grant it again");
    }
}
