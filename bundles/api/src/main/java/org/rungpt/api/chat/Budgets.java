package org.rungpt.api.chat;

/**
 * What a turn may spend, and what a conversation may in all its turns; whichever is used up first ends the turn, with the reason. Who
 * continues grants as much again.
 *
 * @param turn of each turn
 * @param conversation of all turns of a conversation together
 */
public record Budgets(Budget turn, Budget conversation) {
    /** Nothing said. */
    public static final Budgets NONE = new Budgets(Budget.NONE, Budget.NONE);

    /** @throws IllegalArgumentException if steps are bounded of a whole conversation */
    public Budgets {
        if (conversation.steps() != null) {
            throw new IllegalArgumentException("steps are bounded in a turn, not in a conversation");
        }
    }

    /** The same, with the parts of others where these say nothing. */
    public Budgets or(Budgets wider) {
        return new Budgets(turn.or(wider.turn), conversation.or(wider.conversation));
    }
}
