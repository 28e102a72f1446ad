package org.rungpt.source.git;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectIdRef;
import org.eclipse.jgit.lib.Ref;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionException;

/**
 * Finds what a version stands for, in this order: a full commit of 40 digits; a tag of that name, or with a {@code v} before it; a
 * branch of that name; the newest tag in a range of semantic versions; the beginning of a commit that a tag or branch points to.
 * Without a version it is the repository's default branch.
 */
final class Versions {
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern SHORT_COMMIT = Pattern.compile("[0-9a-f]{7,39}");
    private static final int NEAR = 5;

    /**
     * What was found.
     *
     * @param label what people call it
     * @param want what to ask the server for
     */
    record Found(String label, Ref want) {
        /** The commit, if the server said so already: of some tags it tells only the tag object. */
        ObjectId known() {
            ObjectId peeled = want.getPeeledObjectId();
            return peeled == null ? want.getObjectId() : peeled;
        }
    }

    private final Map<String, Ref> refs;

    /** @param refs what the server has, by full name */
    Versions(Map<String, Ref> refs) {
        this.refs = refs;
    }

    Found find(@Nullable String version) throws ActionException {
        if (version == null) {
            return defaultBranch();
        }
        if (COMMIT.matcher(version).matches()) {
            return commit(version);
        }
        Ref tag = refs.get(Constants.R_TAGS + version);
        if (tag == null && SemanticVersion.parse(version).isPresent()) {
            tag = refs.get(Constants.R_TAGS + "v" + version);
        }
        if (tag != null) {
            return new Found(tag.getName().substring(Constants.R_TAGS.length()), tag);
        }
        Ref branch = refs.get(Constants.R_HEADS + version);
        if (branch != null) {
            return new Found(version, branch);
        }
        Optional<Found> ranged = VersionRange.parse(version).flatMap(this::newest);
        if (ranged.isPresent()) {
            return ranged.get();
        }
        if (SHORT_COMMIT.matcher(version).matches()) {
            return shortCommit(version);
        }
        throw new ActionException("there is no version " + version + ": " + near(version));
    }

    private Found defaultBranch() throws ActionException {
        Ref head = refs.get(Constants.HEAD);
        if (head == null || head.getObjectId() == null) {
            throw new ActionException("the repository has no default branch: name a version after @; " + near(""));
        }
        String name = head.isSymbolic() ? head.getTarget().getName() : "";
        return new Found(
                name.startsWith(Constants.R_HEADS)
                        ? name.substring(Constants.R_HEADS.length())
                        : head.getObjectId().abbreviate(12).name(),
                head);
    }

    private static Found commit(String version) {
        return new Found(
                version.substring(0, 12),
                new ObjectIdRef.Unpeeled(Ref.Storage.NETWORK, version, ObjectId.fromString(version)));
    }

    private Found shortCommit(String version) throws ActionException {
        List<Ref> matching = refs.values().stream()
                .filter(ref -> new Found("", ref).known().name().startsWith(version))
                .toList();
        if (matching.stream().map(ref -> new Found("", ref).known()).distinct().count() == 1) {
            return new Found(version, matching.get(0));
        }
        throw new ActionException(
                matching.isEmpty()
                        ? "no tag or branch points to the commit " + version + ": write all of its 40 digits; "
                                + near(version)
                        : "several commits begin with " + version + ": write more of its digits");
    }

    private Optional<Found> newest(VersionRange range) {
        return tags().entrySet().stream()
                .filter(tag -> range.contains(tag.getKey()))
                .max(Map.Entry.comparingByKey())
                .map(tag -> new Found(tag.getValue().getName().substring(Constants.R_TAGS.length()), tag.getValue()));
    }

    private Map<SemanticVersion, Ref> tags() {
        Map<SemanticVersion, Ref> tags = new HashMap<>();
        refs.forEach((name, ref) -> {
            if (name.startsWith(Constants.R_TAGS)) {
                SemanticVersion.parse(name.substring(Constants.R_TAGS.length()))
                        .ifPresent(version -> tags.put(version, ref));
            }
        });
        return tags;
    }

    /** Names a few versions that may have been meant. */
    private String near(String version) {
        List<String> names = new ArrayList<>();
        for (String name : refs.keySet()) {
            if (name.startsWith(Constants.R_TAGS)) {
                names.add(name.substring(Constants.R_TAGS.length()));
            } else if (name.startsWith(Constants.R_HEADS)) {
                names.add(name.substring(Constants.R_HEADS.length()));
            }
        }
        if (names.isEmpty()) {
            return "it has no tags or branches";
        }
        names.sort(Comparator.<String>comparingInt(name -> distance(version, name))
                .thenComparing(Comparator.naturalOrder()));
        String some = String.join(", ", names.subList(0, Math.min(NEAR, names.size())));
        return names.size() > NEAR ? "it has, among others, " + some : "it has " + some;
    }

    /** How many characters must change to make one of the other. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
