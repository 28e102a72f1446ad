package org.rungpt.source.git;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.treewalk.TreeWalk;
import org.rungpt.api.action.ActionException;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.ContentHash;

/** Takes an action's files out of a fetched commit. No filter, hook or attribute of Git has a say in it. */
final class Checkout {
    private static final int MOST_NAMED = 8;

    private final Repository repository;
    private final Limits limits;
    private final Job job;

    Checkout(Repository repository, Limits limits, Job job) {
        this.repository = repository;
        this.limits = limits;
        this.job = job;
    }

    /** @param target does not exist yet */
    Lock.Version write(RevCommit commit, ActionId id, String label, Path target) throws ActionException, IOException {
        List<Tree.File> files = Tree.check(repository, root(commit, id), limits, job);
        if (files.stream().noneMatch(file -> file.path().equals("manifest.json"))) {
            List<String> actions = actions(files, id);
            throw new ActionException("is no action, it has no manifest.json"
                    + (actions.isEmpty() ? "" : "; there are actions in it: " + String.join(", ", actions)));
        }
        job.step("writing files", 0, files.size());
        Disk.write(repository, files, target, job);
        return new Lock.Version(label, commit.name(), ContentHash.of(target));
    }

    private ObjectId root(RevCommit commit, ActionId id) throws ActionException, IOException {
        if (id.directory().isEmpty()) {
            return commit.getTree();
        }
        try (TreeWalk walk = TreeWalk.forPath(repository, id.directory(), commit.getTree())) {
            if (walk != null && walk.getFileMode(0) == FileMode.TREE) {
                return walk.getObjectId(0);
            }
        }
        throw new ActionException("the repository has no directory " + id.directory());
    }

    /** The directories with a manifest, as somebody would write them to install. */
    private static List<String> actions(List<Tree.File> files, ActionId id) {
        return files.stream()
                .map(Tree.File::path)
                .filter(path -> path.endsWith("/manifest.json"))
                .map(path -> Texts.printable(id + "/" + path.substring(0, path.lastIndexOf('/')), 100))
                .limit(MOST_NAMED)
                .toList();
    }
}
