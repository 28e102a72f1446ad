package org.rungpt.chat;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.store.ConversationStore;
import org.rungpt.api.store.StoreException;

/** Works on whichever store is there; while it is being replaced, waits for the successor. Any thread. */
final class StoreAccess {
    /** So long a store that says it is unavailable is left alone before it is asked again. */
    private static final Duration PAUSE = Duration.ofMillis(250);

    /** Work on a store; runs again on the successor if the store went away under it. */
    @FunctionalInterface
    interface Work<T> {
        T on(ConversationStore store) throws StoreException;
    }

    private final Services services;
    private final Duration patience;

    StoreAccess(Services services, Duration patience) {
        this.services = services;
        this.patience = patience;
    }

    /** @throws LogLost if the work cannot be done */
    <T> T with(Work<T> work) {
        long deadline = System.nanoTime() + patience.toNanos();
        ConversationStore failed = null;
        String why = "No store for conversations is there: start the bundle that keeps them, org.rungpt.store.sqlite.";
        while (true) {
            Optional<ConversationStore> store = next(failed, deadline);
            if (store.isEmpty()) {
                throw new LogLost(ChatException.Kind.UNAVAILABLE, why);
            }
            try {
                return work.on(store.get());
            } catch (StoreException e) {
                switch (e.kind()) {
                    case NOT_FOUND -> throw new LogLost(ChatException.Kind.NOT_FOUND, "there is no such conversation");
                    case BROKEN -> throw new LogLost(ChatException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()));
                    case UNAVAILABLE -> {
                        failed = store.get();
                        why = String.valueOf(e.getMessage());
                    }
                }
            } catch (LogLost e) {
                throw e;
            } catch (RuntimeException e) {
                // A store that is being stopped may fail in any way.
                failed = store.get();
                why = "the store failed: " + e;
            }
            if (services.stores.isClosed() || System.nanoTime() >= deadline) {
                throw new LogLost(ChatException.Kind.UNAVAILABLE, why);
            }
        }
    }

    private Optional<ConversationStore> next(@Nullable ConversationStore failed, long deadline) {
        if (failed != null) {
            Optional<ConversationStore> other = services.stores.await(failed, PAUSE);
            if (other.isPresent()) {
                return other;
            }
        }
        return services.stores.await(
                (ConversationStore) null, Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
    }
}
