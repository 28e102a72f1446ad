package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.ConversationListener;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.chat.EventType;

/** The turns that somebody at the door waits for. Nobody can be asked there: a call that needs an approval is denied. */
@Component(service = {ConversationListener.class, DoorTurns.class})
public final class DoorTurns implements ConversationListener {
    private static final String NOBODY_TO_ASK =
            "This request came by the API, where nobody can be asked. A rule of the policy can allow it: rungpt:policy in the shell.";

    private final Services services;
    private final Map<String, DoorTurn> turns = new ConcurrentHashMap<>();
    private final ExecutorService executor = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "rungpt-door");
        thread.setDaemon(true);
        return thread;
    });

    @Activate
    public DoorTurns(@Reference Services services) {
        this.services = services;
    }

    @Deactivate
    void stop() {
        executor.shutdownNow();
        turns.values().forEach(turn -> {
            synchronized (turn) {
                turn.lost();
            }
        });
    }

    /** @return false if somebody else waits for this conversation already */
    boolean add(String conversation, DoorTurn turn) {
        return turns.putIfAbsent(conversation, turn) == null;
    }

    void remove(String conversation) {
        turns.remove(conversation);
    }

    /** Runs what may take its time. */
    void later(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            // This bundle stops; a conversation that stays can be deleted in the page.
        }
    }

    @Override
    public void appended(ConversationEvent event) {
        DoorTurn turn = turns.get(event.conversation());
        if (turn == null) {
            return;
        }
        JsonNode data = Json.own(event.data());
        if (event.type().equals(EventType.APPROVAL_REQUESTED)) {
            later(() -> deny(event.conversation(), data.path("call").asText()));
        }
        synchronized (turn) {
            turn.event(event.type(), data);
        }
    }

    private void deny(String conversation, String call) {
        try {
            services.conversations()
                    .decide(conversation, call, new Decision(false, Decision.Scope.ONCE, NOBODY_TO_ASK));
        } catch (ChatException | ApiException e) {
            // It was decided meanwhile, or the engine is being replaced: its successor tells of the approval again.
        }
    }

    @Override
    public void transientEvent(String conversation, String type, String data) {
        DoorTurn turn = turns.get(conversation);
        if (turn != null && type.equals(EventType.MESSAGE_DELTA)) {
            synchronized (turn) {
                turn.event(type, Json.own(data));
            }
        }
    }

    @Override
    public void deleted(String conversation) {
        DoorTurn turn = turns.remove(conversation);
        if (turn != null) {
            synchronized (turn) {
                turn.lost();
            }
        }
    }
}
