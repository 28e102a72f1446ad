package org.rungpt.runner.docker;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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

    private static final Duration FOREVER = Duration.ofMillis(Long.MAX_VALUE);
    private static final Duration IDLE = Duration.ofMinutes(5);
    private static final int MOST_HELPERS = 16;

    private final Means means;
    private final Function<String, JournalHelper> helpers;
    private final Workspaces workspaces;
    private final Map<String, ConversationJournal> journals = new ConcurrentHashMap<>();
    private final Predicate<String> deleted;
    private final JournalSpace space;
    private final Duration patience;
    private final Duration holdUp;
    private final AtomicBoolean settling = new AtomicBoolean();
    private volatile boolean closed;

    /**
     * Where helpers are containers.
     *
     * @param deleted whether a conversation is no more, and with it its journal
     */
    Journals(Means means, Containers containers, Workspaces workspaces, Predicate<String> deleted) {
        this(means, id -> new JournalHelper(means, containers, id), workspaces, deleted, PATIENCE, HOLD_UP);
    }

    Journals(
            Means means,
            Function<String, JournalHelper> helpers,
            Workspaces workspaces,
            Predicate<String> deleted,
            Duration patience,
            Duration holdUp) {
        this.deleted = deleted;
        this.means = means;
        this.helpers = helpers;
        this.patience = patience;
        this.holdUp = holdUp;
        this.workspaces = workspaces;
        this.space = new JournalSpace(data(), means.settings().journal());
    }

    private Path data() {
        return means.settings().data();
    }

    /** Asks the journal of a conversation for something, which must not block. Null if the conversation was deleted. */
    private <T> @Nullable T of(String conversation, Function<ConversationJournal, @Nullable T> use) {
        AtomicReference<@Nullable T> result = new AtomicReference<>();
        // In here, so that who deletes it finds what was made before, and none is let go that is just being used.
        journals.compute(conversation, (id, known) -> {
            ConversationJournal journal = known;
            if (journal == null && !deleted.test(id)) {
                journal = new ConversationJournal(
                        means, data(), id, () -> workspaces.volumeOf(id), helpers.apply(id), space);
            }
            if (journal != null) {
                result.set(use.apply(journal));
            }
            return journal;
        });
        return result.get();
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
    boolean before(String conversation, String call, Runnable later) {
        CompletableFuture<?> free = of(conversation, journal -> journal.before(call, holdUp));
        if (free == null || free.isDone()) {
            return true;
        }
        var unused = free.whenCompleteAsync((result, failure) -> later.run(), means.work());
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
        if (!closed) {
            of(conversation, journal -> {
                journal.after(call);
                return journal;
            });
        }
    }

    @Override
    public Optional<Changes> changes(String conversation, String call) throws RunnerException {
        Found found = find(conversation, call);
        if (found == null) {
            return Optional.empty();
        }
        JournalRecord record = found.record();
        String note = Stream.of(record.note(), found.journal().missing(record))
                .filter(Objects::nonNull)
                .collect(Collectors.joining(" "));
        return Optional.of(
                new Changes(call, changes(record, found.journal()), record.together(), note.isEmpty() ? null : note));
    }

    private record Found(JournalRecord record, ConversationJournal journal) {}

    private @Nullable Found find(String conversation, String call) throws RunnerException {
        return ask(conversation, journal -> journal.find(call)
                .thenApply(record -> record == null ? null : new Found(record, journal)));
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
        return find(conversation, call) == null
                ? Optional.empty()
                : Optional.ofNullable(ask(conversation, journal -> journal.diff(call)));
    }

    @Override
    public Optional<Revert> revert(String conversation, String call) throws RunnerException {
        // Whoever asks hears of its end, whenever that is: it cannot be left halfway, nor be told by anybody else.
        return Optional.ofNullable(ask(conversation, FOREVER, journal -> journal.revert(call)));
    }

    private <T> @Nullable T ask(
            String conversation, Function<ConversationJournal, CompletableFuture<@Nullable T>> question)
            throws RunnerException {
        return ask(conversation, patience, question);
    }

    /** Null if nothing is known of the conversation too. */
    private <T> @Nullable T ask(
            String conversation,
            Duration atMost,
            Function<ConversationJournal, CompletableFuture<@Nullable T>> question)
            throws RunnerException {
        if (closed) {
            throw new RunnerException(RunnerException.Kind.DETACHED, "this runner has gone; ask its successor");
        }
        if (!conversation.matches("[A-Za-z0-9_-]{1,64}") || !JournalFiles.hasBegun(data(), conversation)) {
            return null;
        }
        CompletableFuture<@Nullable T> answer = of(conversation, question::apply);
        return answer == null ? null : await(answer, atMost);
    }

    private static <T extends @Nullable Object> T await(CompletableFuture<T> future, Duration atMost)
            throws RunnerException {
        try {
            return future.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
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
        tick(IDLE);
        means.work().execute(this::settle);
    }

    /**
     * Lets go whatever nobody has used for so long: what it knows is on the disk.
     *
     * @return of how many conversations the journal stays in memory
     */
    int tick(Duration unused) {
        List<ConversationJournal> there = journals.values().stream()
                .filter(journal -> journal.helper().isThere())
                .sorted(Comparator.comparing(journal -> journal.helper().isIdleFor(Duration.ofSeconds(20)) ? 0 : 1))
                .toList();
        int surplus = there.size() - MOST_HELPERS;
        for (ConversationJournal journal : there) {
            boolean idle = journal.helper().isIdleFor(unused) || surplus-- > 0;
            if (idle && !journal.isBusy()) {
                means.work().execute(journal.helper()::close);
            } else {
                journal.helper().renewLease();
            }
        }
        for (String conversation : journals.keySet()) {
            journals.computeIfPresent(conversation, (id, journal) -> journal.letGo(unused) ? null : journal);
        }
        return journals.size();
    }

    /** While all journals together are too large, the longest unused gives up its oldest contents. Blocking. */
    void settle() {
        if (closed || !settling.compareAndSet(false, true)) {
            return;
        }
        try {
            for (JournalSpace.Surplus surplus = space.surplus(); surplus != null; surplus = space.surplus()) {
                long bytes = surplus.bytes();
                CompletableFuture<?> done = of(surplus.conversation(), journal -> journal.giveUp(bytes));
                if (done == null) {
                    space.forget(surplus.conversation());
                } else {
                    done.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | ExecutionException | TimeoutException e) {
            LOG.warn("The journals of workspaces stay larger than they may for now: {}", EngineFailures.line(e));
        } finally {
            settling.set(false);
        }
    }

    /** The conversation is no more. Blocking. @throws RunnerException if its files are left */
    void release(String conversation) throws RunnerException {
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
            throw new RunnerException(
                    RunnerException.Kind.SANDBOX, "the journal of the workspace is left: " + EngineFailures.line(e), e);
        }
        space.forget(conversation);
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
