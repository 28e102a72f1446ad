package org.rungpt.chat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.store.ConversationStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The conversations at work in this engine: each has an actor, which is put away when many others were quiet after it. Any thread. */
final class Actors {
    private static final Logger LOG = LoggerFactory.getLogger(Actors.class);

    /** So many quiet conversations stay in memory. */
    private static final int QUIET = 64;

    private static final Duration TRY_AGAIN = Duration.ofSeconds(10);

    private static final Duration DRAIN = Duration.ofSeconds(2);

    /** What is done in the mailbox of a conversation. */
    @FunctionalInterface
    interface Task<T> {
        T in(ConversationActor actor) throws ChatException;
    }

    private final Engine engine;
    private final Map<String, ConversationActor> actors = new ConcurrentHashMap<>();
    private final Set<String> quiet = new LinkedHashSet<>();
    private final Set<Asked<?>> waiting = ConcurrentHashMap.newKeySet();
    private volatile @Nullable ConversationStore recovered;
    private volatile boolean takingUp;

    Actors(Engine engine) {
        this.engine = engine;
        engine.services.onArrival(this::arrived);
    }

    /** From now on, conversations that an earlier life left under way are taken up. Calling it again does nothing more. */
    void takeUp() {
        takingUp = true;
        arrived();
    }

    /** A service came: whoever waits looks again, and a store may hold conversations that an earlier life left under way. */
    private void arrived() {
        ConversationStore store = engine.services.stores.first().orElse(null);
        if (takingUp && store != null && store != recovered) {
            recovered = store;
            engine.threads.execute(this::recover);
        }
        actors.values().forEach(ConversationActor::nudge);
    }

    private void recover() {
        try {
            var left = new ConcurrentLinkedQueue<String>();
            engine.access.with(ConversationStore::busy).forEach(busy -> left.add(busy.id()));
            recoverNext(left);
        } catch (LogLost e) {
            recovered = null;
            LOG.warn("conversations that were under way wait for the store: {}", e.getMessage());
            engine.later(TRY_AGAIN, this::arrived);
        }
    }

    /** One after the other: many at once would hold up whoever comes in meanwhile. */
    private void recoverNext(Queue<String> left) {
        String next = left.poll();
        if (next != null && !engine.isClosing()) {
            enqueue(next, actor -> {
                try {
                    actor.drive();
                } finally {
                    recoverNext(left);
                }
            });
        }
    }

    /**
     * Does something in the conversation's mailbox, waits for it, and lets the conversation go on. What is not begun within a bound, because
     * the conversation does something long, is not done at all; of what was begun, whoever asked hears the end, whenever that is.
     */
    <T> T submit(String conversation, Task<T> task) throws ChatException {
        var asked = new Asked<T>();
        waiting.add(asked);
        try {
            enqueue(conversation, actor -> {
                if (!asked.begin()) {
                    return;
                }
                if (engine.isClosing()) {
                    asked.end.completeExceptionally(away());
                    return;
                }
                try {
                    asked.end.complete(task.in(actor));
                } catch (ChatException e) {
                    asked.end.completeExceptionally(e);
                } catch (LogLost e) {
                    asked.end.completeExceptionally(e.toChatException());
                    throw e;
                } catch (RuntimeException | Error e) {
                    asked.end.completeExceptionally(
                            new ChatException(ChatException.Kind.UNAVAILABLE, "an error in RunGPT: see the log", e));
                    throw e;
                }
                actor.driveIfLoaded();
            });
            if (engine.isClosing()) {
                asked.refuse(away());
            }
            return await(asked);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof ChatException known
                    ? known
                    : new ChatException(ChatException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            var nothing = new ChatException(ChatException.Kind.UNAVAILABLE, "interrupted before anything was done", e);
            throw asked.refuse(nothing)
                    ? nothing
                    : new ChatException(
                            ChatException.Kind.UNAVAILABLE,
                            "interrupted while waiting: what was begun goes on, and the conversation shows its end",
                            e);
        } finally {
            waiting.remove(asked);
        }
    }

    private <T> T await(Asked<T> asked) throws ExecutionException, InterruptedException {
        try {
            return asked.end.get(engine.limits.patience().toMillis() + 5000, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            asked.refuse(new ChatException(
                    ChatException.Kind.UNAVAILABLE,
                    "the conversation is busy with something long, and nothing was done: try again in a moment",
                    e));
            return asked.end.get();
        }
    }

    /** What somebody waits for. It is begun or refused, never both. */
    private static final class Asked<T> {
        final CompletableFuture<T> end = new CompletableFuture<>();
        private final AtomicBoolean decided = new AtomicBoolean();

        /** @return false if it was refused */
        boolean begin() {
            return decided.compareAndSet(false, true);
        }

        /** @return false if it was begun */
        boolean refuse(ChatException why) {
            return decided.compareAndSet(false, true) && end.completeExceptionally(why);
        }
    }

    private static ChatException away() {
        return new ChatException(
                ChatException.Kind.UNAVAILABLE, "conversations are being replaced: try again in a moment");
    }

    private void enqueue(String conversation, Consumer<ConversationActor> task) {
        while (true) {
            ConversationActor actor = actors.computeIfAbsent(
                    conversation, id -> new ConversationActor(engine, id, () -> becameQuiet(id)));
            if (actor.enqueue(() -> task.accept(actor))) {
                return;
            }
            actors.remove(conversation, actor);
        }
    }

    private void becameQuiet(String id) {
        var tooMany = new ArrayList<String>();
        synchronized (quiet) {
            quiet.remove(id);
            quiet.add(id);
            while (quiet.size() > QUIET) {
                String oldest = quiet.iterator().next();
                quiet.remove(oldest);
                tooMany.add(oldest);
            }
        }
        for (String one : tooMany) {
            ConversationActor actor = actors.get(one);
            if (actor != null) {
                actor.retire(() -> actors.remove(one, actor));
            }
        }
    }

    /** Lets every conversation end what it is doing, within a bound, so that a successor goes on by itself. */
    void close() {
        if (engine.isClosing()) {
            return;
        }
        engine.beginClosing();
        engine.services.close();
        List<CompletableFuture<?>> drained = new ArrayList<>();
        for (ConversationActor actor : actors.values()) {
            var done = new CompletableFuture<Boolean>();
            if (actor.enqueue(() -> {
                try {
                    actor.handOver();
                } finally {
                    done.complete(true);
                }
            })) {
                drained.add(done);
            }
        }
        try {
            CompletableFuture.allOf(drained.toArray(CompletableFuture[]::new))
                    .get(DRAIN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("not every conversation could be handed over in time; the others are taken up as after a crash");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        engine.close();
        waiting.forEach(asked -> asked.refuse(away()));
    }
}
