package org.rungpt.api.chat;

import java.time.Instant;
import java.util.Objects;

/**
 * A conversation without its events.
 *
 * @param id unguessable, sorts by time of creation
 * @param title what the list shows
 * @param created when it was made
 * @param updated when its last event was appended
 * @param state what it is doing
 * @param model full id of the model it talks to
 * @param protocol id of the protocol it uses
 * @param lastSeq sequence number of its last event; 0 if there is none
 */
public record Conversation(
        String id,
        String title,
        Instant created,
        Instant updated,
        State state,
        String model,
        String protocol,
        long lastSeq) {
    /** What a conversation is doing. */
    public enum State {
        /** Nothing: the next word is the user's. */
        IDLE,
        /** A turn is under way. */
        RUNNING,
        /** A turn waits for an approval. */
        WAITING
    }

    public Conversation {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(title, "title");
        Objects.requireNonNull(created, "created");
        Objects.requireNonNull(updated, "updated");
        Objects.requireNonNull(state, "state");
        Objects.requireNonNull(model, "model");
        Objects.requireNonNull(protocol, "protocol");
    }
}
