package org.rungpt.chat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.call.CallStatus;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.store.ConversationStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The conversations at work in this engine: each has an actor, which is put away when it has been quiet for long. */
final class Chat implements Conversations {
    private static final Logger LOG = LoggerFactory.getLogger(Chat.class);
    private static final Pattern MESSAGE_ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    /** So many quiet conversations stay in memory. */
    private static final int QUIET = 64;

    private static final Duration DRAIN = Duration.ofSeconds(2);

    /** What is done in the mailbox of a conversation. */
    @FunctionalInterface
    private interface Task<T> {
        T in(ConversationActor actor) throws ChatException;
    }

    private final Engine engine;
    private final Models models;
    private final String protocol;
    private final Map<String, ConversationActor> actors = new ConcurrentHashMap<>();
    private final Set<String> quiet = new LinkedHashSet<>();
    private final Set<CompletableFuture<?>> callers = ConcurrentHashMap.newKeySet();
    private volatile @Nullable ConversationStore recovered;

    /** @param protocol id of the protocol that new conversations use */
    Chat(Engine engine, Models models, String protocol) {
        this.engine = engine;
        this.models = models;
        this.protocol = protocol;
        engine.services.onArrival(this::arrived);
    }

    /** A service came: whoever waits looks again, and a store may hold conversations that an earlier life left under way. */
    private void arrived() {
        ConversationStore store = engine.services.stores.first().orElse(null);
        if (store != null && store != recovered) {
            recovered = store;
            engine.threads.execute(this::recover);
        }
        actors.values().forEach(ConversationActor::nudge);
    }

    private void recover() {
        try {
            for (Conversation busy : engine.access.with(ConversationStore::busy)) {
                if (!engine.isClosing()) {
                    enqueue(busy.id(), ConversationActor::drive);
                }
            }
        } catch (LogLost e) {
            recovered = null;
            LOG.warn("conversations that were under way wait for the store: {}", e.getMessage());
        }
    }

    @Override
    public Conversation create(@Nullable String model) throws ChatException {
        String chosen = model == null ? models.defaultModel().orElse("demo/demo") : models.check(model);
        Instant now = Instant.now();
        var made = new Conversation(
                Ids.conversation(now.toEpochMilli()),
                Titles.NEW,
                now,
                now,
                Conversation.State.IDLE,
                chosen,
                protocol,
                0);
        try {
            return engine.access.with(store -> {
                Optional<Conversation> before = store.find(made.id());
                if (before.isPresent()) {
                    return before.get();
                }
                store.create(made);
                return made;
            });
        } catch (LogLost e) {
            throw e.toChatException();
        }
    }

    @Override
    public String post(String conversation, @Nullable String id, String text) throws ChatException {
        if (text.isBlank()) {
            throw new ChatException(ChatException.Kind.INVALID, "the message is empty");
        }
        int most = engine.limits.messageCharacters();
        if (text.length() > most) {
            throw new ChatException(
                    ChatException.Kind.INVALID,
                    "the message has " + text.length() + " characters, at most " + most + " are taken");
        }
        if (id != null && !MESSAGE_ID.matcher(id).matches()) {
            throw new ChatException(ChatException.Kind.INVALID, "no message id: write 1 to 64 of A-Z a-z 0-9 _ -");
        }
        String message = id == null ? Ids.of("m_") : id;
        return submit(conversation, actor -> {
            EventLog log = actor.log();
            if (log.state().knowsMessage(message)) {
                return message;
            }
            boolean first = log.state().isNew();
            log.stage(Draft.userMessage(message, text));
            if (first && !log.state().isTitled()) {
                log.stageTitle(Titles.of(text), true);
            }
            if (log.state().turn() == null) {
                log.stage(Draft.turnStarted("user"));
            }
            log.flush();
            if (first) {
                warm(conversation);
            }
            return message;
        });
    }

    /** The sandbox is made while the model thinks. */
    private void warm(String conversation) {
        engine.services.runner(null).ifPresent(runner -> {
            try {
                runner.warm(conversation);
            } catch (RuntimeException e) {
                LOG.warn("no sandbox could be made ready: {}", e.toString());
            }
        });
    }

    @Override
    public void stop(String conversation) throws ChatException {
        submit(conversation, actor -> {
            EventLog log = actor.log();
            TurnState turn = log.state().turn();
            if (turn != null && !turn.stopping) {
                log.stage(Draft.turnStopping(turn.id));
                actor.stopAnswer();
                actor.drive();
            }
            return true;
        });
    }

    @Override
    public void resume(String conversation) throws ChatException {
        submit(conversation, actor -> {
            EventLog log = actor.log();
            if (log.state().turn() == null) {
                ConversationState.EndedTurn ended = log.state().ended();
                if (ended == null || !ended.canContinue()) {
                    throw new ChatException(ChatException.Kind.CONFLICT, "there is nothing to continue: say something");
                }
                log.stage(Draft.turnStarted("continue"));
                Continuation.notice(log.state().history(), ended.reason())
                        .ifPresent(text -> log.stage(Draft.notice(text, null)));
                log.flush();
            }
            return true;
        });
    }

    @Override
    public void decide(String conversation, String call, Decision decision) throws ChatException {
        submit(conversation, actor -> {
            Approvals.decide(engine.policy, actor.log(), call, decision);
            return true;
        });
    }

    @Override
    public void cancel(String conversation, String call) throws ChatException {
        submit(conversation, actor -> {
            EventLog log = actor.log();
            actor.drive();
            CallState state = Approvals.find(log.state(), call);
            CallRun run = actor.running(call);
            if (run != null) {
                run.cancel();
            } else if (state != null && !state.isFinished()) {
                log.stage(Draft.callFinished(call, CallStatus.CANCELLED, "The user cancelled this call."));
            }
            log.flush();
            return true;
        });
    }

    @Override
    public Conversation change(String conversation, @Nullable String title, @Nullable String model)
            throws ChatException {
        String newTitle = title == null ? null : Titles.check(title);
        String newModel = model == null ? null : models.check(model);
        return submit(conversation, actor -> {
            EventLog log = actor.log();
            if (newTitle != null) {
                log.stageTitle(newTitle, false);
            }
            if (newModel != null) {
                log.stageModel(newModel);
            }
            log.flush();
            return engine.access
                    .with(store -> store.find(conversation))
                    .orElseThrow(() -> new ChatException(ChatException.Kind.NOT_FOUND, "it was deleted"));
        });
    }

    @Override
    public void delete(String conversation) throws ChatException {
        submit(conversation, actor -> {
            actor.destroy();
            engine.services.runners.all().forEach(runner -> {
                try {
                    runner.release(conversation);
                } catch (RunnerException | RuntimeException e) {
                    LOG.warn("the workspace of the deleted conversation {} is left: {}", conversation, e.getMessage());
                }
            });
            engine.access.with(store -> {
                store.delete(conversation);
                return true;
            });
            engine.services.tellDeleted(conversation);
            return true;
        });
    }

    @Override
    public Optional<String> defaultModel() {
        return models.defaultModel();
    }

    @Override
    public void setDefaultModel(String model) throws ChatException {
        models.setDefault(model);
    }

    /** Does something in the conversation's mailbox, waits for it, and lets the conversation go on. */
    private <T> T submit(String conversation, Task<T> task) throws ChatException {
        var done = new CompletableFuture<T>();
        callers.add(done);
        try {
            enqueue(conversation, actor -> {
                if (engine.isClosing()) {
                    done.completeExceptionally(away());
                    return;
                }
                try {
                    done.complete(task.in(actor));
                } catch (ChatException e) {
                    done.completeExceptionally(e);
                } catch (LogLost e) {
                    done.completeExceptionally(e.toChatException());
                    throw e;
                } catch (RuntimeException e) {
                    done.completeExceptionally(
                            new ChatException(ChatException.Kind.UNAVAILABLE, "an error in RunGPT: see the log", e));
                    throw e;
                }
                actor.driveIfLoaded();
            });
            if (engine.isClosing()) {
                done.completeExceptionally(away());
            }
            return done.get(engine.limits.patience().toMillis() + 5000, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof ChatException known
                    ? known
                    : new ChatException(ChatException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e);
        } catch (TimeoutException e) {
            throw new ChatException(
                    ChatException.Kind.UNAVAILABLE, "the conversation does not answer: try again in a moment", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ChatException(ChatException.Kind.UNAVAILABLE, "interrupted while waiting", e);
        } finally {
            callers.remove(done);
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
        callers.forEach(caller -> caller.completeExceptionally(away()));
    }
}
