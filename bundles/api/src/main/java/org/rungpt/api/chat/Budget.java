package org.rungpt.api.chat;

import org.jspecify.annotations.Nullable;

/**
 * What may be spent until the user continues. A part that is null is as the next wider place says: a conversation follows all
 * conversations, and these follow the configuration. 0 stands for no bound.
 *
 * @param steps how often the model may be asked; only of a turn
 * @param calls how many calls the model may make
 * @param tokens of requests and answers together
 * @param dollars US dollars, where the prices of the model are known
 * @param minutes in which the model or a call works; waiting for the user costs nothing
 */
public record Budget(
        @Nullable Integer steps,
        @Nullable Integer calls,
        @Nullable Long tokens,
        @Nullable Double dollars,
        @Nullable Long minutes) {
    /** Nothing said. */
    public static final Budget NONE = new Budget(null, null, null, null, null);

    private static final double MOST = 1e12;

    /** @throws IllegalArgumentException if a part is below 0 or absurdly large; the message says which */
    public Budget {
        check("steps", steps);
        check("calls", calls);
        check("tokens", tokens);
        check("dollars", dollars);
        check("minutes", minutes);
    }

    private static void check(String name, @Nullable Number value) {
        if (value != null && !(value.doubleValue() >= 0 && value.doubleValue() <= MOST)) {
            throw new IllegalArgumentException(name + " must be 0 (any) or more, at most a million million");
        }
    }

    /** The same, with the parts of another one where this one says nothing. */
    public Budget or(Budget wider) {
        return new Budget(
                steps == null ? wider.steps : steps,
                calls == null ? wider.calls : calls,
                tokens == null ? wider.tokens : tokens,
                dollars == null ? wider.dollars : dollars,
                minutes == null ? wider.minutes : minutes);
    }
}
