package org.rungpt.api.runner;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * What calls changed in the workspace of their conversation. A call that may change something is recorded after its end, behind
 * the scenes; these methods wait for that, within a bound. Any thread. Blocking.
 */
@ConsumerType
public interface WorkspaceJournal {
    /**
     * What one call changed.
     *
     * @param call id of a call, or of what a revert did
     * @return empty if nothing is known of it: it could change nothing, it did not run, or its conversation is no more
     * @throws RunnerException if it cannot be told now
     */
    Optional<Changes> changes(String conversation, String call) throws RunnerException;

    /**
     * The same as a unified diff; files that are no text, or whose content was not kept, are named.
     *
     * @return empty as for {@link #changes}
     */
    Optional<String> diff(String conversation, String call) throws RunnerException;

    /**
     * Brings the files of a call back to what they were before it, all or none: if one of them was changed since, nothing is done
     * and it is named, and likewise while a call runs that may change files. What is done is recorded under an id of its own and can be reverted as well.
     *
     * @return empty as for {@link #changes}
     */
    Optional<Revert> revert(String conversation, String call) throws RunnerException;

    /**
     * The changes of one call.
     *
     * @param call its id
     * @param files what changed, ordered by path
     * @param together other calls that ran at the same time: some of the changes may be theirs
     * @param note one sentence on what could not be recorded; null if all was
     */
    record Changes(
            String call,
            List<Change> files,
            List<String> together,
            @Nullable String note) {
        public Changes {
            Objects.requireNonNull(call, "call");
            files = List.copyOf(files);
            together = List.copyOf(together);
        }
    }

    /** What happened to a file, directory or link. */
    enum Kind {
        ADDED,
        MODIFIED,
        DELETED
    }

    /**
     * A changed file, directory or link.
     *
     * @param path relative to {@code /workspace}; bytes that are no UTF-8 are shown as U+FFFD
     * @param kind what happened to it
     * @param before its size before, in bytes; 0 if it was not there
     * @param after its size after, in bytes; 0 if it is not there
     * @param revertible whether what it was before was kept
     */
    record Change(String path, Kind kind, long before, long after, boolean revertible) {
        public Change {
            Objects.requireNonNull(path, "path");
            Objects.requireNonNull(kind, "kind");
        }
    }

    /**
     * What came of a revert.
     *
     * @param id by which what was done can be seen and reverted; null if nothing was done
     * @param files what was brought back
     * @param obstacles files that stand in the way, each with the reason in one line; if there are any, nothing was done
     */
    record Revert(@Nullable String id, List<Change> files, List<String> obstacles) {
        public Revert {
            files = List.copyOf(files);
            obstacles = List.copyOf(obstacles);
        }
    }
}
