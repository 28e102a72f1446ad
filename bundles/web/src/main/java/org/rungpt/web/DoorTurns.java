package org.rungpt.web;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.Decision;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The turns that somebody at the door waits for. Nobody can be asked there: a call that needs an approval is denied. */
@Component(service = DoorTurns.class)
public final class DoorTurns {
    private static final Logger LOG = LoggerFactory.getLogger(DoorTurns.class);
    private static final String NOBODY_TO_ASK =
            "This request came by the API, where nobody can be asked. A rule of the policy can allow it: rungpt:policy in the shell.";

    static final int MOST_DECIDING = 32;

    private final Services services;
    private final EventStreams streams;
    /** The conversations in which a turn of the door has not ended. */
    private final Set<String> claimed = ConcurrentHashMap.newKeySet();

    private final Set<DoorTurn> followed = ConcurrentHashMap.newKeySet();
    /** For what may wait for a client. */
    private final ExecutorService writing = Executors.newCachedThreadPool(DoorTurns::thread);
    /** For what waits for a conversation: hundreds may end in the same moment, and more threads would not make them go faster. */
    private final ThreadPoolExecutor deciding = new ThreadPoolExecutor(
            MOST_DECIDING, MOST_DECIDING, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), DoorTurns::thread);

    @Activate
    public DoorTurns(@Reference Services services, @Reference EventStreams streams) {
        this.services = services;
        this.streams = streams;
        deciding.allowCoreThreadTimeOut(true);
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "rungpt-door");
        thread.setDaemon(true);
        return thread;
    }

    @Deactivate
    void stop() {
        followed.forEach(DoorTurn::close);
        writing.shutdown();
        deciding.shutdown();
    }

    /** @return false if somebody else at the door waits for this conversation already */
    boolean claim(String conversation) {
        return claimed.add(conversation);
    }

    /** The turn of whoever claimed it has ended. */
    void release(String conversation) {
        claimed.remove(conversation);
    }

    /** From now on the turn hears what happens. */
    void follow(Conversation conversation, DoorTurn turn) {
        followed.add(turn);
        streams.follow(conversation.id(), conversation.lastSeq(), turn);
    }

    /** There is room for more. */
    void drained(String conversation, DoorTurn turn) {
        streams.drained(conversation, turn);
    }

    /**
     * Nobody waits for it any more: what has not ended is stopped. Returns at once.
     *
     * @param passing whether the conversation goes too
     */
    void leave(String conversation, DoorTurn turn, boolean passing) {
        execute(deciding, () -> leaveNow(conversation, turn, passing));
    }

    private void leaveNow(String conversation, DoorTurn turn, boolean passing) {
        boolean early = turn.leave();
        streams.unfollow(conversation, turn);
        followed.remove(turn);
        try {
            if (passing) {
                services.conversations().delete(conversation);
            } else if (early) {
                services.conversations().stop(conversation);
            }
        } catch (ChatException | ApiException e) {
            LOG.warn("The conversation {} of a request stays: {}", conversation, e.getMessage());
        }
        if (early) {
            release(conversation);
        }
    }

    /** Denies a call, and says why. Returns at once. */
    void deny(String conversation, String call) {
        execute(deciding, () -> {
            try {
                services.conversations()
                        .decide(conversation, call, new Decision(false, Decision.Scope.ONCE, NOBODY_TO_ASK));
            } catch (ChatException | ApiException e) {
                // It was decided meanwhile, or the engine is being replaced: its successor tells of the approval again.
            }
        });
    }

    /** Runs what may wait for a client. */
    void later(Runnable task) {
        execute(writing, task);
    }

    private static void execute(ExecutorService threads, Runnable task) {
        try {
            threads.execute(task);
        } catch (RejectedExecutionException e) {
            // This bundle stops; a conversation that stays can be deleted in the page.
        }
    }
}
