package org.rungpt.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.EventType;

/**
 * Somebody at the door who waits for an answer. Until its first word is sent, what goes wrong is told by the status, but for one that lets
 * wait for long: that somebody has gone is only seen when something is written.
 */
abstract class DoorReader implements DoorTurn.Reader {
    /** What does not begin an answer. */
    private static final Set<String> NO_BEGINNING = Set.of(EventType.MESSAGE_RETRYING, EventType.TURN_FINISHED);

    /** Within so many beats the first word, or what is wrong with the model, is there in nearly every case. */
    static final int SILENT_BEATS = 4;

    final AsyncContext context;
    final DoorAnswer answer;
    private final DoorTurns turns;
    private final Conversation conversation;
    private final boolean passing;
    private volatile @Nullable DoorTurn turn;

    /** @param passing whether the conversation goes with its answer */
    DoorReader(AsyncContext context, DoorTurns turns, Conversation conversation, DoorAnswer answer, boolean passing) {
        this.context = context;
        this.turns = turns;
        this.conversation = conversation;
        this.answer = answer;
        this.passing = passing;
    }

    /** Waits for the answer to the message that will have this id. */
    DoorTurn await(String message) {
        var begun = new DoorTurn(message, this);
        turn = begun;
        turns.follow(conversation, begun);
        return begun;
    }

    @Override
    public void ask(String call) {
        turns.deny(conversation.id(), call);
    }

    @Override
    public void finished(DoorTurn.Finish finish) {
        turns.release(conversation.id());
        end(finish);
    }

    abstract void end(DoorTurn.Finish finish);

    static boolean isBeginning(ObjectNode event) {
        return !NO_BEGINNING.contains(event.path("event").asText());
    }

    /** There is room for more. */
    void drained() {
        DoorTurn open = turn;
        if (open != null) {
            turns.drained(conversation.id(), open);
        }
    }

    /** Who goes before the end wants no more of it. */
    void gone() {
        DoorTurn open = turn;
        if (open != null) {
            turns.leave(conversation.id(), open, passing);
        }
    }

    /** Answers in one piece. */
    void whole(int status, ObjectNode body) {
        turns.later(() -> {
            HttpServletResponse response = (HttpServletResponse) context.getResponse();
            try {
                DoorServlet.write(response, status, body);
            } catch (IOException e) {
                // nobody waits any more
            }
            context.complete();
            gone();
        });
    }

    void refuse(DoorTurn.Finish finish, String kind) {
        // What could be tried again was tried again.
        ((HttpServletResponse) context.getResponse()).setHeader("x-should-retry", "false");
        whole(DoorAnswer.status(kind), DoorAnswer.error(kind, String.valueOf(finish.message())));
    }
}
