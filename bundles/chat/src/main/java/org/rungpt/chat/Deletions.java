package org.rungpt.chat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.rungpt.api.artifact.ArtifactStore;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.store.Settings;
import org.rungpt.api.store.StoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes conversations for good. The log goes first: a disk that does not let it go leaves the conversation whole, with its files. What else
 * is to go was noted before, so that neither a crash nor a part that is away leaves it for ever.
 */
final class Deletions {
    private static final Logger LOG = LoggerFactory.getLogger(Deletions.class);
    private static final String NOTE = "deleting/";
    private static final Duration AGAIN = Duration.ofMinutes(1);
    private static final int PAGE = 5000;

    private final Engine engine;
    private final AtomicInteger asked = new AtomicInteger();
    /** What is noted though it is only being made. */
    private final Set<String> making = ConcurrentHashMap.newKeySet();

    Deletions(Engine engine) {
        this.engine = engine;
        engine.services.onArrival(this::finishOld);
    }

    /**
     * Deletes a conversation, or what is left of it. In its mailbox, when nothing works in it any more.
     *
     * @throws ChatException if it could not be deleted, or something of it is left; the message says which
     */
    void delete(String conversation) throws ChatException {
        boolean ran = ranCalls(conversation);
        note(conversation, "nothing was deleted");
        List<String> left = new ArrayList<>();
        try {
            engine.access.with(store -> {
                store.delete(conversation);
                return true;
            });
        } catch (LogLost e) {
            if (isThere(conversation)) {
                throw e.toChatException();
            }
            left.add(String.valueOf(e.getMessage()));
        }
        boolean all = deleteFiles(conversation, ran, left);
        engine.services.tellDeleted(conversation);
        if (all && left.isEmpty()) {
            forget(conversation);
        } else {
            engine.later(AGAIN, this::finishOld);
        }
        if (!left.isEmpty()) {
            throw new ChatException(
                    ChatException.Kind.UNAVAILABLE,
                    "the conversation is deleted, but not yet everything of it; RunGPT goes on by itself: "
                            + String.join("; ", left));
        }
    }

    /**
     * Files of a conversation that is not there yet are about to be written: if it never is, they go, also after a crash.
     *
     * @throws ChatException if that cannot be noted
     */
    void making(String conversation) throws ChatException {
        making.add(conversation);
        try {
            note(conversation, "nothing was made");
        } catch (ChatException e) {
            making.remove(conversation);
            throw e;
        }
    }

    /** It is there, or could not be made. */
    void made(String conversation) {
        making.remove(conversation);
        boolean done = false;
        try {
            done = finish(conversation);
        } catch (LogLost e) {
            LOG.debug("whether {} was made is seen another time: {}", conversation, e.getMessage());
        }
        if (!done) {
            engine.later(AGAIN, this::finishOld);
        }
    }

    /** Goes on, in the background, with what could not be deleted with its conversation. */
    void finishOld() {
        if (asked.getAndIncrement() == 0) {
            engine.threads.execute(() -> {
                int answered;
                do {
                    answered = asked.get();
                    finishAll();
                } while (asked.addAndGet(-answered) > 0);
            });
        }
    }

    private void finishAll() {
        Settings settings = engine.services.settings.first().orElse(null);
        if (settings == null || engine.services.stores.first().isEmpty()) {
            return;
        }
        try {
            boolean all = true;
            for (String key : settings.withPrefix(NOTE).keySet()) {
                String conversation = key.substring(NOTE.length());
                if (!making.contains(conversation)) {
                    all &= finish(conversation);
                }
            }
            if (!all) {
                engine.later(AGAIN, this::finishOld);
            }
        } catch (StoreException | RuntimeException e) {
            // A store that is being stopped may fail in any way; what comes next is to try again all the same.
            LOG.debug("what deleted conversations left waits for the store: {}", e.toString());
        }
    }

    private boolean finish(String conversation) {
        List<String> left = new ArrayList<>();
        // One that is there after all was made, or could not be deleted, and whoever wanted that was told so.
        boolean done = isThere(conversation) || deleteFiles(conversation, true, left);
        if (done) {
            forget(conversation);
        }
        left.forEach(what -> LOG.debug("of the deleted conversation {} is left: {}", conversation, what));
        return done;
    }

    /**
     * @param left gets what is left and why, as far as anybody could miss it: a sandbox in which nothing ran holds nothing
     * @return whether all is gone
     */
    private boolean deleteFiles(String conversation, boolean ran, List<String> left) {
        List<ActionRunner> runners = engine.services.runners.all();
        List<ArtifactStore> stores = engine.services.artifacts.all();
        // Who is away now may have something of it.
        boolean all = !runners.isEmpty() && !stores.isEmpty();
        for (ActionRunner runner : runners) {
            try {
                runner.release(conversation);
            } catch (RunnerException | RuntimeException e) {
                all = false;
                if (ran) {
                    left.add("its workspace is left: " + e.getMessage());
                }
            }
        }
        for (ArtifactStore artifacts : stores) {
            try {
                artifacts.delete(conversation);
            } catch (IOException | RuntimeException e) {
                all = false;
                left.add("files of its calls are left: " + e.getMessage());
            }
        }
        return all;
    }

    private boolean ranCalls(String conversation) throws ChatException {
        try {
            long[] after = {0};
            List<ConversationEvent> page;
            do {
                page = engine.access.with(store -> store.events(conversation, after[0], PAGE));
                if (page.stream().anyMatch(event -> event.type().equals(EventType.CALL_STARTED))) {
                    return true;
                }
                after[0] += PAGE;
            } while (page.size() == PAGE);
            return false;
        } catch (LogLost e) {
            throw e.toChatException();
        }
    }

    private boolean isThere(String conversation) {
        return engine.access.with(store -> store.find(conversation)).isPresent();
    }

    private void note(String conversation, String otherwise) throws ChatException {
        try {
            Settings settings = engine.services
                    .settings
                    .first()
                    .orElseThrow(() -> new ChatException(
                            ChatException.Kind.UNAVAILABLE, "the settings are away: try again in a moment"));
            settings.put(NOTE + conversation, "{}");
        } catch (StoreException e) {
            throw new ChatException(ChatException.Kind.UNAVAILABLE, otherwise + ": " + e.getMessage(), e);
        }
    }

    private void forget(String conversation) {
        try {
            Settings settings = engine.services.settings.first().orElse(null);
            if (settings != null) {
                settings.remove(NOTE + conversation);
            }
        } catch (StoreException e) {
            LOG.debug("that {} is deleted is noted another time: {}", conversation, e.getMessage());
        }
    }
}
