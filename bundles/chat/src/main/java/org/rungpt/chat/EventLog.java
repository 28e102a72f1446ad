package org.rungpt.chat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.store.ConversationStore;
import org.rungpt.api.store.ConversationStore.Change;
import org.rungpt.api.store.ConversationStore.NewEvent;
import org.rungpt.api.store.StoreException;

/**
 * The log of one conversation with the state that it tells. Events are staged, which changes the state at once, and become durable
 * together; whoever runs something makes them durable first. One thread at a time.
 */
final class EventLog {
    private static final int PAGE = 5000;

    private final Services services;
    private final StoreAccess access;
    private final String conversation;
    private final ConversationState state;
    private final List<Draft> staged = new ArrayList<>();
    private final List<@Nullable String> stagedTexts = new ArrayList<>();
    /** What was told before what it belongs to is durable. */
    private final List<Draft> early = new ArrayList<>();

    private final List<Runnable> onceDurable = new ArrayList<>();
    /** How listeners hear of what is durable, and what was to follow that. */
    private final List<Runnable> unannounced = new ArrayList<>();

    private final SearchText searchText = new SearchText();
    private long seq;
    private Conversation.State stored;
    private @Nullable String title;
    private @Nullable String model;
    private @Nullable String protocol;

    private EventLog(Services services, StoreAccess access, Conversation conversation) {
        this.services = services;
        this.access = access;
        this.conversation = conversation.id();
        this.state = new ConversationState(conversation.model(), conversation.protocol());
        this.stored = conversation.state();
    }

    /** Reads a conversation. @throws LogLost if there is none, or none can be read now */
    static EventLog read(Services services, StoreAccess access, String id) {
        return access.with(store -> {
            Optional<Conversation> found = store.find(id);
            if (found.isEmpty()) {
                throw new LogLost(ChatException.Kind.NOT_FOUND, "there is no conversation " + id);
            }
            var log = new EventLog(services, access, found.get());
            List<ConversationEvent> page;
            do {
                page = store.events(id, log.seq, PAGE);
                for (ConversationEvent event : page) {
                    ObjectNode data = Json.event(event.data());
                    log.state.apply(event.type(), data);
                    log.searchText.of(event.type(), data);
                    log.seq = event.seq();
                }
            } while (page.size() == PAGE);
            return log;
        });
    }

    ConversationState state() {
        return state;
    }

    /** Adds an event; it counts at once and is durable after the next {@link #flush()}. */
    void stage(Draft draft) {
        staged.add(draft);
        stagedTexts.add(searchText.of(draft.type(), draft.data()));
        state.apply(draft.type(), draft.data());
    }

    void stageTitle(String newTitle, boolean automatic) {
        title = newTitle;
        stage(Draft.conversationTitled(newTitle, automatic));
    }

    /** Another model or protocol; null leaves as it is. */
    void stageChange(@Nullable String newModel, @Nullable String newProtocol) {
        model = newModel == null ? model : newModel;
        protocol = newProtocol == null ? protocol : newProtocol;
        stage(Draft.conversationChanged(newModel, newProtocol));
    }

    /** Makes durable what was staged, then tells the listeners. @throws LogLost if that is impossible */
    void flush() {
        makeDurable();
        announce();
    }

    /**
     * Makes durable what was staged. {@link #announce()} is to follow, after what listeners must not hold up.
     *
     * @throws LogLost if that is impossible
     */
    void makeDurable() {
        Conversation.State doing = state.doing();
        if (staged.isEmpty()) {
            return;
        }
        var change = new Change(doing == stored ? null : doing, title, model, protocol);
        List<NewEvent> events = new ArrayList<>(staged.size());
        for (int i = 0; i < staged.size(); i++) {
            Draft draft = staged.get(i);
            events.add(new NewEvent(draft.type(), draft.data().toString(), stagedTexts.get(i)));
        }
        boolean[] tried = {false};
        List<ConversationEvent> appended = access.with(store -> {
            if (tried[0]) {
                Optional<List<ConversationEvent>> before = appendedBefore(store, events.size());
                if (before.isPresent()) {
                    return before.get();
                }
            }
            tried[0] = true;
            return store.append(conversation, events, change);
        });
        if (appended.isEmpty() || appended.get(0).seq() != seq + 1) {
            throw new LogLost(ChatException.Kind.CONFLICT, "another process writes this conversation");
        }
        seq = appended.get(appended.size() - 1).seq();
        stored = doing;
        title = null;
        model = null;
        protocol = null;
        staged.clear();
        stagedTexts.clear();
        appended.forEach(event -> unannounced.add(() -> services.tellAppended(event)));
        early.forEach(event -> unannounced.add(() -> services.tellTransient(conversation, event)));
        early.clear();
        unannounced.addAll(onceDurable);
        onceDurable.clear();
    }

    /** Tells the listeners of what is durable, whatever was staged since. */
    void announce() {
        List<Runnable> waiting = List.copyOf(unannounced);
        unannounced.clear();
        waiting.forEach(Runnable::run);
    }

    /** Tells the listeners of something that is not kept; after what it belongs to, which may not be durable yet. */
    void tell(Draft event) {
        if (!staged.isEmpty()) {
            early.add(event);
        } else if (unannounced.isEmpty()) {
            services.tellTransient(conversation, event);
        } else {
            unannounced.add(() -> services.tellTransient(conversation, event));
        }
    }

    /** Whether listeners wait for the next {@link #flush()} to hear something. */
    boolean keepsWaiting() {
        return !early.isEmpty();
    }

    /** Runs something when all that was staged is durable; never if that becomes impossible. */
    void whenDurable(Runnable task) {
        if (staged.isEmpty()) {
            task.run();
        } else {
            onceDurable.add(task);
        }
    }

    /** A store that went away while it appended may have done it all the same. */
    private Optional<List<ConversationEvent>> appendedBefore(ConversationStore store, int count) throws StoreException {
        long last = store.find(conversation).map(Conversation::lastSeq).orElse(-1L);
        if (last == seq) {
            return Optional.empty();
        }
        if (last != seq + count) {
            throw new LogLost(ChatException.Kind.CONFLICT, "another process writes this conversation");
        }
        return Optional.of(store.events(conversation, seq, count));
    }
}
