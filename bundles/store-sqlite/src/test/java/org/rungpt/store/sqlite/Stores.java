package org.rungpt.store.sqlite;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.store.ConversationStore.NewEvent;

/** What the tests of this bundle share. */
final class Stores {
    private Stores() {}

    static SqliteStore open(Path directory) throws IOException {
        return new SqliteStore(directory, Schema.current());
    }

    static Conversation conversation(String id) {
        Instant now = Instant.now();
        return new Conversation(id, "Title", now, now, Conversation.State.IDLE, "demo/demo", "tags", 0);
    }

    static NewEvent event(String text) {
        return new NewEvent("message.text", "{\"text\":\"" + text + "\"}");
    }

    /** How long something takes. */
    static Duration time(Callable<?> work) throws Exception {
        long begin = System.nanoTime();
        work.call();
        return Duration.ofNanos(System.nanoTime() - begin);
    }
}
