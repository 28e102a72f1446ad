package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.Grants.Share;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.rungpt.api.runner.ShareGuard;

/** Which directories of the host may be shared. Looks at attributes only; what is in them is never read on the host. Any thread. */
final class ShareRules {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,30}");

    private final Supplier<ForbiddenPlaces> places;
    private final Supplier<Set<Path>> mountPoints;
    private final Supplier<Set<Path>> written;

    /**
     * @param mountPoints of the host; those that cannot be known are none
     * @param written the directories into which sandboxes may write now
     */
    ShareRules(Supplier<ForbiddenPlaces> places, Supplier<Set<Path>> mountPoints, Supplier<Set<Path>> written) {
        this.places = places;
        this.mountPoints = mountPoints;
        this.written = written;
    }

    /** The directory that a share is now. */
    CheckedShare check(Share share) throws RunnerException {
        if (!NAME.matcher(share.name()).matches()) {
            throw refused(share, "its name is a letter and then at most 30 letters, digits and -, all of them small");
        }
        Path directory = directory(share);
        ForbiddenPlaces forbidden = places.get();
        String problem = forbidden.problem(directory);
        if (problem != null) {
            throw refused(share, problem + "; share a directory of its own for this");
        }
        if (forbidden.isHome(directory)) {
            checkHome(share);
        }
        checkAccess(share, directory, forbidden);
        checkMounts(share, directory);
        CheckedShare checked = attributes(share, directory, forbidden);
        if (share.writable() && checked.uid() == 0 && !share.forced()) {
            throw refused(
                    share,
                    "it belongs to root, and whoever writes there does so as root of this machine; give it to a user"
                            + " (chown), share it read-only, or force it");
        }
        return checked;
    }

    /** The same when it is about to be mounted, or has just been: what is above it is nobody's to exchange for a link meanwhile. */
    CheckedShare checkToMount(Share share) throws RunnerException {
        CheckedShare checked = check(share);
        for (Path outer : written.get()) {
            // By both: where it leads now may be such a link's doing.
            if (isBelow(outer, share) || isBelow(outer, checked.share())) {
                throw refused(
                        share,
                        "it lies in " + outer + ", where a sandbox may write now and could put a link in its place; try"
                                + " again when that sandbox has ended, or share one that lies elsewhere");
            }
        }
        return checked;
    }

    private static boolean isBelow(Path outer, Share share) {
        Object key = ForbiddenPlaces.key(outer);
        return key != null
                && Stream.iterate(Path.of(share.source()).getParent(), Objects::nonNull, Path::getParent)
                        .anyMatch(above -> key.equals(ForbiddenPlaces.key(above)));
    }

    private static void checkHome(Share share) throws RunnerException {
        if (share.writable()) {
            throw refused(share, "it is the whole home directory, which is never writable; share a directory in it");
        }
        if (!share.forced()) {
            throw refused(share, "it is the whole home directory; share a directory in it, or force it");
        }
    }

    private static Path directory(Share share) throws RunnerException {
        Path given;
        try {
            given = Path.of(share.source());
        } catch (InvalidPathException e) {
            throw refused(share, "that is no path");
        }
        if (!given.isAbsolute()) {
            throw refused(share, "write the whole path, from / on");
        }
        try {
            Path real = given.toRealPath();
            if (!Files.isDirectory(real)) {
                throw refused(share, "it is no directory");
            }
            return real;
        } catch (NoSuchFileException e) {
            throw refused(share, "there is no such directory; make it first");
        } catch (AccessDeniedException e) {
            throw refused(share, "the user who runs RunGPT may not see it");
        } catch (IOException e) {
            throw refused(share, EngineFailures.line(e));
        }
    }

    /** The engine may more than its user: nobody shares what is not theirs to read. */
    private static void checkAccess(Share share, Path directory, ForbiddenPlaces forbidden) throws RunnerException {
        if (!Files.isReadable(directory) || !Files.isExecutable(directory)) {
            throw refused(share, "the user who runs RunGPT may not read it; change its mode, or share another one");
        }
        if (share.writable() && !Files.isWritable(directory)) {
            throw refused(share, "the user who runs RunGPT may not write there; share it read-only");
        }
        String programs = share.writable() && !share.forced() ? forbidden.programs(directory) : null;
        if (programs != null) {
            throw refused(share, programs + "; share it read-only, or force it");
        }
    }

    /** Engines make a share read-only, but not what is mounted inside of it. */
    private void checkMounts(Share share, Path directory) throws RunnerException {
        for (Path mounted : mountPoints.get()) {
            if (mounted.startsWith(directory) && !mounted.equals(directory)) {
                throw refused(
                        share,
                        "another file system is mounted in it, at " + mounted + "; share what lies beside"
                                + " it, or that one by itself");
            }
        }
    }

    /** The same, as whoever grants it is told. */
    ShareGuard.Checked tell(Share share) throws RunnerException {
        CheckedShare checked = check(share);
        List<String> notes = new ArrayList<>();
        if (share.writable()) {
            notes.add("The whole sandbox runs as " + checked.owner()
                    + ", the owner of the directory: what is made there belongs to them, and packages can no longer be"
                    + " installed.");
            if (checked.uid() == 0) {
                notes.add("That is root: what is written there is written as root of this machine.");
            }
        }
        if (!checked.covered().isEmpty()) {
            notes.add("Covered up in it: "
                    + checked.covered().stream().map(Path::toString).sorted().collect(Collectors.joining(", ")) + ".");
        }
        return new ShareGuard.Checked(checked.share(), checked.owner(), notes);
    }

    private static CheckedShare attributes(Share share, Path directory, ForbiddenPlaces forbidden)
            throws RunnerException {
        try {
            Map<String, Object> attributes = Files.readAttributes(directory, "unix:uid,gid,mode,dev,ino");
            List<Path> covered = new ArrayList<>();
            if (forbidden.isHome(directory)) {
                forbidden
                        .coveredInHome()
                        .forEach(path -> covered.add(forbidden.home().relativize(path)));
            }
            return new CheckedShare(
                    new Share(share.name(), directory.toString(), share.writable(), share.forced()),
                    CheckedShare.key(attributes),
                    number(attributes.get("uid")),
                    number(attributes.get("gid")),
                    number(attributes.get("mode")),
                    covered);
        } catch (IOException | UnsupportedOperationException e) {
            throw refused(share, EngineFailures.line(e));
        }
    }

    private static int number(@Nullable Object attribute) {
        return attribute instanceof Integer number ? number : -1;
    }

    /** All shares of one sandbox, that do not stand in each other's way. */
    CheckedShares check(List<Share> shares) throws RunnerException {
        List<CheckedShare> all = new ArrayList<>();
        for (Share share : shares) {
            CheckedShare checked = check(share);
            if (!checked.share().source().equals(share.source())) {
                throw refused(
                        share,
                        "since it was granted it has become a link to "
                                + checked.share().source() + "; grant that directory instead");
            }
            for (CheckedShare other : all) {
                checkTogether(checked, other);
            }
            all.add(checked);
        }
        for (Share share : shares) {
            checkToMount(share);
        }
        return new CheckedShares(all, this);
    }

    private static void checkTogether(CheckedShare one, CheckedShare other) throws RunnerException {
        Share share = one.share();
        if (share.name().equals(other.share().name())) {
            throw refused(share, "another share has the same name");
        }
        if (one.share().writable() && other.share().writable() && !one.owner().equals(other.owner())) {
            throw refused(
                    share,
                    "it belongs to " + one.owner() + " and the writable share "
                            + other.share().name() + " to " + other.owner()
                            + ", and a sandbox runs as one user; share one of them read-only");
        }
        checkInside(one, other);
        checkInside(other, one);
    }

    /** What is writable could be exchanged for a link before the inner one is mounted. */
    private static void checkInside(CheckedShare inner, CheckedShare outer) throws RunnerException {
        if (outer.share().writable()
                && Path.of(inner.share().source()).startsWith(outer.share().source())) {
            throw refused(
                    inner.share(),
                    "it lies in the writable share " + outer.share().name() + "; that one is enough");
        }
    }

    static RunnerException refused(Share share, String why) {
        return new RunnerException(
                Kind.GRANT,
                "The share " + EngineFailures.oneLine(share.name(), 40) + " ("
                        + EngineFailures.oneLine(share.source(), 200) + ") cannot be given: " + why + ".");
    }
}
