package org.rungpt.chat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.call.CallStatus;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.chat.Opening;
import org.rungpt.api.model.Sampling;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.WorkspaceJournal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What can be done with conversations: each thing is an event in a conversation's log, written in its mailbox. */
final class Chat implements Conversations {
    private static final Logger LOG = LoggerFactory.getLogger(Chat.class);
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    /** As many of the longest messages are taken over from elsewhere. */
    private static final int IMPORTED_MESSAGES = 16;

    private final Engine engine;
    private final Models models;
    private final String protocol;
    private final Actors actors;
    private final Deletions deletions;

    /** @param protocol id of the protocol that new conversations use */
    Chat(Engine engine, Models models, String protocol) {
        this.engine = engine;
        this.models = models;
        this.protocol = protocol;
        this.actors = new Actors(engine);
        this.deletions = new Deletions(engine);
    }

    @Override
    public Conversation open(Opening opening) throws ChatException {
        String model = opening.model();
        String written = opening.protocol() == null ? null : checkedProtocol(opening.protocol());
        String chosen = model == null ? models.defaultModel().orElse("demo/demo") : models.check(model);
        String title = opening.title() == null ? null : Titles.check(opening.title());
        int most = engine.limits.messageCharacters();
        long characters = opening.before().stream()
                .mapToLong(said -> said.text().length())
                .sum();
        if (characters > IMPORTED_MESSAGES * (long) most) {
            throw new ChatException(
                    ChatException.Kind.INVALID,
                    "what was said before has " + characters + " characters, which is too much");
        }
        Instant now = Instant.now();
        var made = new Conversation(
                Ids.conversation(now.toEpochMilli()),
                Titles.NEW,
                now,
                now,
                Conversation.State.IDLE,
                chosen,
                written == null ? models.protocol(chosen).orElse(protocol) : written,
                0);
        try {
            engine.access.with(store -> {
                if (store.find(made.id()).isEmpty()) {
                    store.create(made);
                }
                return true;
            });
        } catch (LogLost e) {
            throw e.toChatException();
        }
        if (opening.before().isEmpty() && title == null) {
            return made;
        }
        try {
            return begin(made, opening, title);
        } catch (ChatException e) {
            // Who is refused has not asked for an empty conversation.
            takeBack(made.id(), e);
            throw e;
        }
    }

    private Conversation begin(Conversation made, Opening opening, @Nullable String title) throws ChatException {
        List<Draft> said = new ArrayList<>();
        for (Opening.Said each : opening.before()) {
            Attachments shown = Attachments.store(engine.services, made.id(), each.pictures());
            said.add(Draft.imported(each.role(), shown.with(each.text()), shown.pictures()));
        }
        return actors.submit(made.id(), actor -> {
            EventLog log = actor.log();
            said.forEach(log::stage);
            if (title != null) {
                log.stageTitle(title, false);
            }
            log.flush();
            return engine.access.with(store -> store.find(made.id())).orElse(made);
        });
    }

    private void takeBack(String conversation, ChatException why) {
        try {
            delete(conversation);
        } catch (ChatException e) {
            why.addSuppressed(e);
        }
    }

    @Override
    public String post(String conversation, @Nullable String id, String text, List<String> artifacts)
            throws ChatException {
        return post(
                conversation, id, text, artifacts, engine.userCalls.parse(text), UserCalls.isRun(text), Sampling.NONE);
    }

    @Override
    public String postText(
            String conversation, @Nullable String id, String text, List<String> artifacts, Sampling sampling)
            throws ChatException {
        return post(conversation, id, text, artifacts, UserCalls.Parsed.NOTHING, false, sampling);
    }

    private String post(
            String conversation,
            @Nullable String id,
            String said,
            List<String> artifacts,
            UserCalls.Parsed parsed,
            boolean run,
            Sampling sampling)
            throws ChatException {
        // What stands in files is never a call of the user.
        Attachments attached = Attachments.read(engine.services, conversation, artifacts);
        String text = attached.with(said);
        if (text.isBlank()) {
            throw new ChatException(ChatException.Kind.INVALID, "the message is empty");
        }
        int most = engine.limits.messageCharacters();
        if (text.length() > most) {
            throw new ChatException(
                    ChatException.Kind.INVALID,
                    "the message has " + text.length() + " characters, at most " + most + " are taken");
        }
        if (id != null && !ID.matcher(id).matches()) {
            throw new ChatException(ChatException.Kind.INVALID, "no message id: write 1 to 64 of A-Z a-z 0-9 _ -");
        }
        String message = id == null ? Ids.of("m_") : id;
        return actors.submit(conversation, actor -> {
            EventLog log = actor.log();
            if (log.state().knowsMessage(message)) {
                return message;
            }
            boolean first = log.state().isNew();
            log.stage(Draft.userMessage(message, text, parsed, run, attached.pictures())
                    .with(sampling));
            parsed.notes().forEach(note -> log.stage(Draft.notice(note, null)));
            if (first && !log.state().isTitled()) {
                log.stageTitle(Titles.of(said.isBlank() ? text : said), true);
            }
            if (log.state().turn() == null) {
                log.stage(Draft.turnStarted("user"));
            }
            // Asks the model while the disk works; who posted hears of it when the message is durable.
            actor.drive();
            log.flush();
            if (first) {
                warm(conversation);
            }
            return message;
        });
    }

    private String checkedProtocol(String id) throws ChatException {
        if (engine.services.protocol(id).isEmpty()) {
            String known = engine.services.protocols.all().stream()
                    .map(CallProtocol::id)
                    .sorted()
                    .collect(Collectors.joining(" or "));
            throw new ChatException(
                    ChatException.Kind.INVALID, "there is no protocol " + Visible.cut(id, 30) + ": write " + known);
        }
        return id;
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
        actors.submit(conversation, actor -> {
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
        actors.submit(conversation, actor -> {
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
        actors.submit(conversation, actor -> {
            new Approvals(engine, actor.log()).decide(call, decision);
            return true;
        });
    }

    @Override
    public void cancel(String conversation, String call) throws ChatException {
        actors.submit(conversation, actor -> {
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
    public WorkspaceJournal.Revert revert(String conversation, String call) throws ChatException {
        WorkspaceJournal journal = engine.services
                .journals
                .first()
                .orElseThrow(() -> new ChatException(
                        ChatException.Kind.UNAVAILABLE,
                        "nobody keeps a journal of workspaces: start the bundle org.rungpt.runner.docker"));
        return actors.submit(conversation, actor -> {
            EventLog log = actor.log();
            if (log.state().turn() != null) {
                throw new ChatException(ChatException.Kind.CONFLICT, "a turn is under way: stop it first, or wait");
            }
            Reverts.checkNothingWrites(log.state());
            WorkspaceJournal.Revert revert;
            try {
                revert = journal.revert(conversation, call)
                        .orElseThrow(() -> new ChatException(
                                ChatException.Kind.NOT_FOUND, "nothing is known of what this call changed"));
            } catch (RunnerException e) {
                throw new ChatException(ChatException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e);
            }
            String id = revert.id();
            if (id != null) {
                List<String> files = revert.files().stream()
                        .map(WorkspaceJournal.Change::path)
                        .toList();
                try {
                    log.stage(Draft.workspaceReverted(call, id, files));
                    log.stage(Draft.notice(Reverts.notice(files), null));
                    log.flush();
                } catch (LogLost e) {
                    throw Reverts.untold(id, e);
                }
            }
            return revert;
        });
    }

    @Override
    public Conversation change(
            String conversation, @Nullable String title, @Nullable String model, @Nullable String wanted)
            throws ChatException {
        String newProtocol = wanted == null ? null : checkedProtocol(wanted);
        String newTitle = title == null ? null : Titles.check(title);
        String newModel = model == null ? null : models.check(model);
        return actors.submit(conversation, actor -> {
            EventLog log = actor.log();
            if (newTitle != null) {
                log.stageTitle(newTitle, false);
            }
            if (newModel != null || newProtocol != null) {
                log.stageChange(newModel, newProtocol);
            }
            log.flush();
            return engine.access
                    .with(store -> store.find(conversation))
                    .orElseThrow(() -> new ChatException(ChatException.Kind.NOT_FOUND, "it was deleted"));
        });
    }

    @Override
    public void delete(String conversation) throws ChatException {
        if (!ID.matcher(conversation).matches()) {
            // What follows makes names of it.
            throw new ChatException(ChatException.Kind.NOT_FOUND, "no conversation has such a name");
        }
        actors.submit(conversation, actor -> {
            actor.destroy();
            deletions.delete(conversation);
            return true;
        });
    }

    /** What is granted and decided in these conversations. */
    ChatPermissions permissions() {
        return new ChatPermissions(engine, actors);
    }

    /** What these conversations may spend. */
    ChatSpending spending() {
        return new ChatSpending(engine, actors);
    }

    /** Whole conversations; what has no search text gets it when the archive arrives. */
    ChatLibrary library() {
        var library = new ChatLibrary(engine, models, protocol, deletions);
        engine.services.onArrival(library::indexOld);
        return library;
    }

    @Override
    public Optional<String> defaultModel() {
        return models.defaultModel();
    }

    @Override
    public void setDefaultModel(@Nullable String model) throws ChatException {
        models.setDefault(model);
    }

    /** Takes up, in the background, what an earlier life left under way, now and whenever a store comes. */
    void takeUp() {
        actors.takeUp();
        deletions.finishOld();
    }

    /** Hands every conversation over, so that a successor goes on by itself. */
    void close() {
        actors.close();
    }
}
