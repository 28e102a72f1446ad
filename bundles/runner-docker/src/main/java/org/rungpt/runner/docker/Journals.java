package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.WorkspaceJournal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journals of all workspaces. A call that may change its workspace waits until what the one before changed has been recorded, which
 * happens while the model thinks; calls that only look wait for nothing.
 */
final class Journals implements WorkspaceJournal {
    private static final Logger LOG = LoggerFactory.getLogger(Journals.class);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** A call waits no longer for the journal; then what both changed is told of both. */
    private static final Duration HOLD_UP = Duration.ofSeconds(30);

    private static final Duration IDLE = Duration.ofMinutes(5);
    private static final int MOST_HELPERS = 16;

    private final Means means;
    private final Containers containers;
    private final Workspaces workspaces;
    private final Map<String, ConversationJournal> journals = new ConcurrentHashMap<>();
    private final Predicate<String> deleted;
    private volatile boolean closed;

    /** @param deleted whether a conversation is no more, and with it its journal */
    Journals(Means means, Containers containers, Workspaces workspaces, Predicate<String> deleted) {
        this.deleted = deleted;
        this.means = means;
        this.containers = containers;
        this.workspaces = workspaces;
    }

    private Path data() {
        return means.settings().data();
    }

    /** Null if the conversation was deleted. */
    private @Nullable ConversationJournal of(String conversation) {
        return journals.computeIfAbsent(
                conversation,
                // In here, so that who deletes it finds what was made before.
                id -> deleted.test(id)
                        ? null
                        : new ConversationJournal(
                                means,
                                data(),
                                id,
                                () -> workspaces.volumeOf(id),
                                new JournalHelper(means, containers, id)));
    }

    /** Whether the call may change the workspace of its conversation. */
    static boolean concerns(CallSpec call) {
        boolean sees = call.task().action().files().builtIn() || call.grants().workspace();
        return sees && !call.task().task().effects().isHarmless();
    }

    /**
     * A call is about to change the workspace.
     *
     * @param later starts it, as soon as that is recorded which was changed before
     * @return whether it may start at once; {@code later} is forgotten then
     */
    boolean before(CallSpec call, Runnable later) {
        ConversationJournal journal = of(call.conversation());
        CompletableFuture<?> free = journal == null ? null : journal.before(call.call());
        if (free == null || free.isDone()) {
            return true;
        }
        free.copy()
                .orTimeout(HOLD_UP.toMillis(), TimeUnit.MILLISECONDS)
                .whenCompleteAsync((result, late) -> later.run(), means.work());
        return false;
    }

    /** The call is no more; harmless if its end was told before. */
    void gone(String conversation, String call) {
        ConversationJournal journal = journals.get(conversation);
        if (journal != null) {
            journal.gone(call);
        }
    }

    /** The call has ended; before anybody is told so. */
    void after(String conversation, String call) {
        ConversationJournal journal = closed ? null : of(conversation);
        if (journal != null) {
            journal.after(call);
        }
    }

    @Override
    public Optional<Changes> changes(String conversation, String call) throws RunnerException {
        ConversationJournal journal = known(conversation);
        if (journal == null) {
            return Optional.empty();
        }
        JournalRecord record = await(journal.find(call));
        return record == null
                ? Optional.empty()
                : Optional.of(new Changes(call, changes(record, journal), record.together(), record.note()));
    }

    static List<Change> changes(JournalRecord record, ConversationJournal journal) {
        List<Change> changes = new ArrayList<>();
        record.changes().forEach((path, change) -> {
            JournalEntry before = change.before();
            JournalEntry after = change.after();
            Kind kind = before == null ? Kind.ADDED : after == null ? Kind.DELETED : Kind.MODIFIED;
            boolean folder = after == null ? before != null && before.isDirectory() : after.isDirectory();
            changes.add(new Change(
                    folder ? path + "/" : path,
                    kind,
                    before == null ? 0 : before.size(),
                    after == null ? 0 : after.size(),
                    journal.isKept(before)));
        });
        return changes;
    }

    @Override
    public Optional<String> diff(String conversation, String call) throws RunnerException {
        ConversationJournal journal = known(conversation);
        if (journal == null) {
            return Optional.empty();
        }
        await(journal.find(call));
        return Optional.ofNullable(await(journal.diff(call)));
    }

    @Override
    public Optional<Revert> revert(String conversation, String call) throws RunnerException {
        ConversationJournal journal = known(conversation);
        return journal == null ? Optional.empty() : Optional.ofNullable(await(journal.revert(call)));
    }

    private @Nullable ConversationJournal known(String conversation) throws RunnerException {
        if (closed) {
            throw new RunnerException(RunnerException.Kind.DETACHED, "this runner has gone; ask its successor");
        }
        return conversation.matches("[A-Za-z0-9_-]{1,64}") && JournalFiles.hasBegun(data(), conversation)
                ? of(conversation)
                : null;
    }

    private static <T extends @Nullable Object> T await(CompletableFuture<T> future) throws RunnerException {
        try {
            return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunnerException(RunnerException.Kind.UNAVAILABLE, "interrupted", e);
        } catch (TimeoutException e) {
            throw new RunnerException(
                    RunnerException.Kind.UNAVAILABLE, "the journal of the workspace is still at work; try again", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RunnerException known) {
                throw known;
            }
            throw new RunnerException(
                    RunnerException.Kind.SANDBOX,
                    "the journal of the workspace: " + EngineFailures.line(e.getCause() == null ? e : e.getCause()),
                    e);
        }
    }

    /** Every few seconds; does not block. */
    void tick() {
        List<ConversationJournal> there = journals.values().stream()
                .filter(journal -> journal.helper().isThere())
                .sorted(Comparator.comparing(journal -> journal.helper().isIdleFor(Duration.ofSeconds(20)) ? 0 : 1))
                .toList();
        int surplus = there.size() - MOST_HELPERS;
        for (ConversationJournal journal : there) {
            boolean idle = journal.helper().isIdleFor(IDLE) || surplus-- > 0;
            if (idle && !journal.isBusy()) {
                means.work().execute(journal.helper()::close);
            } else {
                journal.helper().renewLease();
            }
        }
    }

    /** The conversation is no more. Blocking. */
    void release(String conversation) {
        ConversationJournal journal = journals.remove(conversation);
        if (journal != null) {
            try {
                journal.close().get(HOLD_UP.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException | TimeoutException e) {
                LOG.debug("The journal of {} did not end in time", conversation);
            }
            journal.helper().shut();
        }
        try {
            JournalFiles.delete(data(), conversation);
        } catch (IOException e) {
            LOG.warn("The journal of the deleted conversation {} is left: {}", conversation, EngineFailures.line(e));
        }
    }

    /** The runner goes. Its successor makes containers of its own; what was not recorded in time it finds by itself. */
    void close() {
        closed = true;
        List<CompletableFuture<?>> ends = new ArrayList<>();
        journals.values().forEach(journal -> ends.add(journal.close()));
        try {
            CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new)).get(2, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("Not every journal could be closed in time");
        }
        journals.values().forEach(journal -> journal.helper().shut());
    }
}
