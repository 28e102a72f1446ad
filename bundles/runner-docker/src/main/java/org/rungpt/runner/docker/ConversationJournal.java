package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.RunnerException.Kind;
import org.rungpt.api.runner.WorkspaceJournal.Revert;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal of one workspace. What has to be done is done one after the other, behind the scenes: recording what a call changed, and
 * taking it back. The files are touched by whoever's turn it is, by nobody else.
 */
final class ConversationJournal {
    private static final Logger LOG = LoggerFactory.getLogger(ConversationJournal.class);
    private static final int SMALL = 64 << 10;
    private static final int BATCH_BYTES = 384 << 10;
    private static final int BATCH_FILES = 500;
    private static final int PIECE = 512 << 10;
    private static final long LARGEST_A_CALL = 128L << 20;
    private static final int MOST_CLEAN = 1000;
    private static final String BASELINE = "baseline";

    private final Means means;
    private final Path data;
    private final String conversation;
    private final Supplier<@Nullable String> volume;
    private final JournalHelper helper;
    private final JournalSpace space;
    private final Set<String> running = new LinkedHashSet<>();
    /** Calls that ended and of which nothing was recorded yet, because that failed. */
    private final Set<String> missed = new LinkedHashSet<>();

    private final Set<String> clean = new LinkedHashSet<>();
    private CompletableFuture<?> tail = CompletableFuture.completedFuture(null);
    /** The last revert. */
    private CompletableFuture<?> reverted = tail;

    private @Nullable JournalFiles files;
    private long lastUsed = System.nanoTime();
    private boolean begun;
    private boolean closed;

    ConversationJournal(
            Means means,
            Path data,
            String conversation,
            Supplier<@Nullable String> volume,
            JournalHelper helper,
            JournalSpace space) {
        this.space = space;
        this.means = means;
        this.data = data;
        this.conversation = conversation;
        this.volume = volume;
        this.helper = helper;
        this.begun = JournalFiles.hasBegun(data, conversation);
    }

    JournalHelper helper() {
        return helper;
    }

    /**
     * A call is about to change something.
     *
     * @param holdUp how long it waits for what was changed before to be recorded
     * @return when it may
     */
    synchronized CompletableFuture<?> before(String call, Duration holdUp) {
        running.add(call);
        String name = volume.get();
        if (name != null && !helper.isThere()) {
            // It is there when the call has ended.
            means.work().execute(() -> helper.prepare(name));
        }
        if (!begun) {
            begun = true;
            if (name != null) {
                // The workspace is older than its journal.
                later(() -> record(BASELINE, List.of()));
            }
        }
        if (files == null || !tail.isDone() || !isNoted()) {
            later(this::notePending);
        }
        CompletableFuture<?> recorded =
                tail.copy().orTimeout(holdUp.toMillis(), TimeUnit.MILLISECONDS).handle((result, late) -> null);
        // A revert has looked whether it may go on: nothing may change while it does.
        return CompletableFuture.allOf(reverted, recorded);
    }

    /** At once, if nothing is under way: a note takes less than a thread that would write it. */
    private boolean isNoted() {
        try {
            notePending();
            return true;
        } catch (IOException e) {
            return false; // who tries again says why
        }
    }

    synchronized void gone(String call) {
        running.remove(call);
    }

    /** The call has ended. */
    synchronized void after(String call) {
        running.remove(call);
        if (!begun) {
            // A predecessor started it, and kept no journal.
            begun = true;
            later(() -> record(BASELINE, List.of()));
            return;
        }
        List<String> together = List.copyOf(running);
        later(() -> record(call, together));
    }

    private synchronized <T> CompletableFuture<T> later(Callable<T> work) {
        lastUsed = System.nanoTime();
        CompletableFuture<T> done = tail.handle((result, failure) -> null)
                .thenApplyAsync(
                        ignored -> {
                            try {
                                throwIfClosed();
                                return work.call();
                            } catch (Exception e) {
                                throw new CompletionException(e);
                            }
                        },
                        means.work());
        tail = done.exceptionally(failure -> {
            LOG.debug("The journal of {}: {}", conversation, EngineFailures.line(failure));
            return null;
        });
        return done;
    }

    private synchronized void throwIfClosed() throws RunnerException {
        if (closed) {
            throw new RunnerException(Kind.DETACHED, "the journal of the workspace was closed");
        }
    }

    private @Nullable Void notePending() throws IOException {
        Set<String> pending = new LinkedHashSet<>();
        synchronized (this) {
            if (closed) {
                return null;
            }
            pending.addAll(missed);
            pending.addAll(running);
        }
        open().pending(pending);
        return null;
    }

    private JournalFiles open() throws IOException {
        JournalFiles known = files;
        if (known == null) {
            known = JournalFiles.open(data, conversation, space.ofOne());
            Set<String> before = known.pending();
            synchronized (this) {
                // Calls of an earlier life of this runner: what they changed and nobody recorded is theirs.
                before.stream().filter(call -> !running.contains(call)).forEach(missed::add);
            }
            files = known;
        }
        return known;
    }

    /** Looks, keeps, writes down. */
    private @Nullable JournalRecord record(String id, List<String> together) throws RunnerException, IOException {
        JournalFiles journal = open();
        Set<String> others = new LinkedHashSet<>(together);
        synchronized (this) {
            if (closed) {
                return null;
            }
            others.addAll(missed);
        }
        others.remove(id);
        try {
            JournalRecord record = look(journal, id, List.copyOf(others));
            synchronized (this) {
                missed.clear();
                if (record.changes().isEmpty()) {
                    clean.add(id);
                    if (clean.size() > MOST_CLEAN) {
                        clean.remove(clean.iterator().next());
                    }
                }
            }
            if (!record.changes().isEmpty()) {
                journal.add(record);
            }
            notePending();
            space.used(conversation, journal.kept());
            return record;
        } catch (RunnerException | IOException | RuntimeException e) {
            synchronized (this) {
                missed.add(id);
                clean.remove(id);
            }
            LOG.warn("What call {} changed is not recorded yet: {}", id, EngineFailures.line(e));
            throw e;
        }
    }

    private String workspace() throws RunnerException {
        String name = volume.get();
        if (name == null) {
            throw new RunnerException(Kind.SANDBOX, "the conversation has no workspace");
        }
        return name;
    }

    private JournalRecord look(JournalFiles journal, String id, List<String> together)
            throws RunnerException, IOException {
        JournalHelper.Scan scan = helper.scan(workspace());
        Map<String, JournalEntry> known = journal.now();
        Map<String, JournalRecord.Change> changes = new TreeMap<>();
        scan.changes().forEach((path, after) -> {
            JournalEntry before = known.get(path);
            if (!JournalEntry.isSame(before, after)) {
                changes.put(path, new JournalRecord.Change(before, after));
            }
        });
        if (scan.full()) {
            known.forEach((path, before) -> {
                if (!scan.changes().containsKey(path)) {
                    changes.put(path, new JournalRecord.Change(before, null));
                }
            });
        }
        long notKept = keep(journal, changes);
        List<String> notes = new ArrayList<>();
        if (notKept > 0) {
            notes.add("The content of " + notKept + (notKept == 1 ? " file" : " files") + " was not kept (limit "
                    + Outcomes.size(JournalFiles.LARGEST) + " a file, " + Outcomes.size(LARGEST_A_CALL) + " a call, "
                    + Outcomes.size(space.ofOne()) + " a conversation).");
        }
        if (scan.others() > 0) {
            notes.add(scan.others() + " names that are no text, or that could not be read, are not recorded.");
        }
        return new JournalRecord(id, together, notes.isEmpty() ? null : String.join(" ", notes), changes);
    }

    /** @return how many contents are not kept */
    private long keep(JournalFiles journal, Map<String, JournalRecord.Change> changes)
            throws RunnerException, IOException {
        long notKept = 0;
        long bytes = 0;
        List<String> small = new ArrayList<>();
        long smallBytes = 0;
        for (var change : changes.entrySet()) {
            JournalEntry after = change.getValue().after();
            if (after == null || !after.isFile() || journal.has(after.hash())) {
                continue;
            }
            bytes += after.size();
            if (after.hash() == null || bytes > LARGEST_A_CALL || !journal.makeRoomFor(after.size())) {
                notKept++;
            } else if (after.size() > SMALL) {
                notKept += keepLarge(journal, change.getKey(), after) ? 0 : 1;
            } else {
                small.add(change.getKey());
                smallBytes += after.size();
                if (smallBytes > BATCH_BYTES || small.size() >= BATCH_FILES) {
                    notKept += keepSmall(journal, small, changes);
                    small.clear();
                    smallBytes = 0;
                }
            }
        }
        return notKept + keepSmall(journal, small, changes);
    }

    private long keepSmall(JournalFiles journal, List<String> paths, Map<String, JournalRecord.Change> changes)
            throws RunnerException, IOException {
        if (paths.isEmpty()) {
            return 0;
        }
        JsonNode contents = read(paths, 0, SMALL);
        long notKept = 0;
        for (int i = 0; i < paths.size(); i++) {
            byte[] content = contents.path(i).binaryValue();
            JournalEntry after =
                    Objects.requireNonNull(changes.get(paths.get(i))).after();
            notKept += after != null && keep(journal, after, content) ? 0 : 1;
        }
        return notKept;
    }

    private boolean keepLarge(JournalFiles journal, String path, JournalEntry after)
            throws RunnerException, IOException {
        var content = new ByteArrayOutputStream((int) after.size());
        while (content.size() < after.size()) {
            byte[] piece = read(List.of(path), content.size(), PIECE).path(0).binaryValue();
            if (piece == null || piece.length == 0 || content.size() + piece.length > after.size()) {
                return false;
            }
            content.writeBytes(piece);
        }
        return keep(journal, after, content.toByteArray());
    }

    /** Only what is what the look said: it may have changed since, and then the next look tells. */
    private static boolean keep(JournalFiles journal, JournalEntry after, byte @Nullable [] content)
            throws IOException {
        String hash = after.hash();
        if (content == null || hash == null || !JournalFiles.hash(content).equals(hash)) {
            return false;
        }
        journal.keep(hash, content);
        return true;
    }

    private JsonNode read(List<String> paths, long offset, int length) throws RunnerException {
        ObjectNode params = JsonNodeFactory.instance.objectNode();
        ArrayNode all = params.putArray("paths");
        paths.forEach(all::add);
        return helper.ask(workspace(), "read", params.put("offset", offset).put("length", length))
                .path("contents");
    }

    // What others ask

    /** What is known of a call once everything before was recorded; null if nothing is. */
    CompletableFuture<@Nullable JournalRecord> find(String id) {
        return later(() -> {
            JournalFiles journal = open();
            boolean wasMissed;
            synchronized (this) {
                wasMissed = missed.contains(id) && !running.contains(id);
            }
            if (wasMissed) {
                record(id, List.of());
            }
            JournalRecord found = journal.find(id);
            synchronized (this) {
                return found == null && clean.contains(id) ? new JournalRecord(id, List.of(), null, Map.of()) : found;
            }
        });
    }

    CompletableFuture<@Nullable String> diff(String id) {
        return later(() -> {
            JournalRecord found = open().find(id);
            return found == null ? null : WorkspaceDiff.of(found, open());
        });
    }

    /** Whether what a file was is there. */
    boolean isKept(@Nullable JournalEntry before) {
        JournalFiles journal = files;
        return before == null
                || !before.isFile() && !before.kind().equals("other")
                || journal != null && journal.has(before.hash());
    }

    /** One sentence if what a file of it was is not kept, or no more; null if all is. */
    @Nullable
    String missing(JournalRecord record) {
        long missing = record.changes().values().stream()
                .map(JournalRecord.Change::before)
                .filter(before -> before != null && before.isFile() && !isKept(before))
                .count();
        return missing == 0
                ? null
                : "What " + missing + (missing == 1 ? " file was" : " files were") + " before is not kept, or no more:"
                        + " the oldest contents give way (limit " + Outcomes.size(space.ofOne()) + " a conversation, "
                        + Outcomes.size(space.ofAll()) + " in all).";
    }

    /** Gives up the oldest contents, of as many bytes. */
    CompletableFuture<?> giveUp(long bytes) {
        return later(() -> {
            JournalFiles journal = open();
            journal.giveUp(bytes);
            space.changed(conversation, journal.kept());
            return null;
        });
    }

    synchronized CompletableFuture<@Nullable Revert> revert(String id) {
        CompletableFuture<@Nullable Revert> revert = later(() -> takeBack(id));
        reverted = revert.handle((result, failure) -> null);
        return revert;
    }

    private @Nullable Revert takeBack(String id) throws RunnerException, IOException {
        List<String> writing;
        synchronized (this) {
            writing = running.stream()
                    .map(call -> "call " + call + " is still running and may change files: stop it first, or wait")
                    .toList();
        }
        if (!writing.isEmpty()) {
            return new Revert(null, List.of(), writing);
        }
        JournalFiles journal = open();
        JournalRecord wanted = journal.find(id);
        if (wanted == null) {
            return null;
        }
        // What a program in the background has changed since is nobody's, but it must not be lost.
        record("b_" + Instance.newName(), List.of());
        var reversal = new Reversal(wanted, journal);
        List<String> obstacles = reversal.obstacles();
        if (!obstacles.isEmpty()) {
            return new Revert(null, List.of(), obstacles);
        }
        JournalRecord done = takeBack(reversal, "u_" + Instance.newName());
        return new Revert(done.id(), Journals.changes(done, this), List.of());
    }

    private JournalRecord takeBack(Reversal reversal, String id) throws RunnerException, IOException {
        try {
            reversal.apply(helper, workspace());
        } catch (RunnerException | IOException | RuntimeException e) {
            try {
                // What it could not take back is told of it, and by nobody else.
                JournalRecord left = record(id, List.of());
                if (left != null && reversal.isDone()) {
                    return left; // only the answer was lost
                }
            } catch (RunnerException | IOException | RuntimeException later) {
                e.addSuppressed(later);
            }
            throw e;
        }
        try {
            JournalRecord record = record(id, List.of());
            if (record != null) {
                return record;
            }
        } catch (RunnerException | IOException | RuntimeException e) {
            LOG.debug("The revert {} is done and will be recorded when somebody asks for it", id);
        }
        return reversal.record(id);
    }

    /** Waits for what is under way and lets go. */
    CompletableFuture<?> close() {
        CompletableFuture<?> last;
        synchronized (this) {
            last = tail;
        }
        return last.whenComplete((result, failure) -> {
            synchronized (this) {
                closed = true;
            }
            helper.shut();
        });
    }

    /** Nobody has used it for so long: all it knows is on the disk. @return whether it is no more */
    synchronized boolean letGo(Duration time) {
        if (isBusy() || !missed.isEmpty() || helper.isThere() || System.nanoTime() - lastUsed <= time.toNanos()) {
            return false;
        }
        closed = true;
        return true;
    }

    synchronized boolean isBusy() {
        return !running.isEmpty() || !tail.isDone();
    }
}
