package org.rungpt.chat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The open turn as the log tells it. */
final class TurnState {
    /**
     * How the latest answer of the turn ended.
     *
     * @param reason as in the event
     * @param detail what the user is told of it
     * @param calls how many calls it made
     * @param repeats how many times running the most repeated of them was made
     */
    record LastAnswer(String reason, @Nullable String detail, int calls, int repeats) {}

    final String id;
    /** A turn keeps its model; another one counts from the next turn on. */
    String model;

    int steps;
    int calls;
    /** Answers in a row whose calls were all wrong. */
    int malformed;
    /** Answers in a row that were asked for again. */
    int superseded;

    /** How often the server said that a request was longer than the model takes. */
    int tooLong;

    /** What the server said then. */
    @Nullable
    String tooLongDetail;

    final Spent spent = new Spent();

    /** The user's messages with calls that are not made yet. */
    final List<Expansion> expansions = new ArrayList<>();

    /** Whether the user said nothing but calls, so that no model is asked. */
    boolean runOnly;

    boolean stopping;

    @Nullable
    LastAnswer last;

    private String latestCall = "";
    private int repeats;

    TurnState(String id, String model) {
        this.id = id;
        this.model = model;
    }

    /** Counts a call. @return how many times running this same call was made */
    int count(String call) {
        calls++;
        repeats = call.equals(latestCall) ? repeats + 1 : 1;
        latestCall = call;
        return repeats;
    }
}
