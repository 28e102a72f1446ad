package org.rungpt.chat;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.Budget;
import org.rungpt.api.chat.Budgets;

/**
 * Bounds of what a conversation may do.
 *
 * @param steps how often the model is asked in a turn
 * @param calls how many calls a turn makes
 * @param malformed how many answers in a row with nothing but wrong calls are sent back before the turn stops
 * @param repeats the same call so many times running stops the turn; the last of them does not run
 * @param messageCharacters longest user message, in characters
 * @param answerCharacters longest answer, in characters
 * @param resultCharacters how much of a call's output the model is told
 * @param outputBytes how much a call may write before it is ended
 * @param instructionCharacters how much the model is told of actions at the beginning
 * @param automaticTurns how many turns in a row may begin with a late result
 * @param foreground so long the model is kept waiting for a call
 * @param turn what a turn may spend
 * @param conversation what a conversation may spend before the user is asked to continue
 * @param patience how long a step waits for a part that is away
 * @param cancelPatience how long a cancelled call may take to end
 */
record ChatLimits(
        int steps,
        int calls,
        int malformed,
        int repeats,
        int messageCharacters,
        int answerCharacters,
        int resultCharacters,
        long outputBytes,
        int instructionCharacters,
        int automaticTurns,
        Duration foreground,
        Spent.Budget turn,
        Spent.Budget conversation,
        Duration patience,
        Duration cancelPatience) {
    static final ChatLimits DEFAULT = new ChatLimits(
            10,
            50,
            2,
            3,
            1 << 20,
            4 << 20,
            16 << 10,
            64L << 20,
            48_000,
            10,
            Duration.ofSeconds(20),
            new Spent.Budget(0, 4_000_000, 0, Duration.ofHours(2)),
            new Spent.Budget(2000, 40_000_000, 0, Duration.ofHours(24)),
            Duration.ofSeconds(30),
            Duration.ofSeconds(15));

    /** The same with other budgets where they say something. */
    ChatLimits with(Budgets chosen) {
        if (chosen.equals(Budgets.NONE)) {
            return this;
        }
        Budget all = chosen.or(budgets()).turn();
        Budget whole = chosen.or(budgets()).conversation();
        return withLoop(bound(all.steps()), bound(all.calls())).withBudgets(spent(all, 0), spent(whole, whole.calls()));
    }

    private static int bound(@Nullable Integer chosen) {
        return chosen == null || chosen == 0 ? Integer.MAX_VALUE : chosen;
    }

    private static Spent.Budget spent(Budget all, @Nullable Integer calls) {
        return new Spent.Budget(
                calls == null ? 0 : calls,
                all.tokens() == null ? 0 : all.tokens(),
                all.dollars() == null ? 0 : all.dollars(),
                Duration.ofMinutes(all.minutes() == null ? 0 : all.minutes()));
    }

    /** What turns and conversations may spend. */
    Budgets budgets() {
        return new Budgets(
                new Budget(
                        steps, calls, turn.tokens(), turn.dollars(), turn.time().toMinutes()),
                new Budget(
                        null,
                        conversation.calls(),
                        conversation.tokens(),
                        conversation.dollars(),
                        conversation.time().toMinutes()));
    }

    ChatLimits withForeground(Duration other) {
        return new ChatLimits(
                steps,
                calls,
                malformed,
                repeats,
                messageCharacters,
                answerCharacters,
                resultCharacters,
                outputBytes,
                instructionCharacters,
                automaticTurns,
                other,
                turn,
                conversation,
                patience,
                cancelPatience);
    }

    ChatLimits withBudgets(Spent.Budget otherTurn, Spent.Budget otherConversation) {
        return new ChatLimits(
                steps,
                calls,
                malformed,
                repeats,
                messageCharacters,
                answerCharacters,
                resultCharacters,
                outputBytes,
                instructionCharacters,
                automaticTurns,
                foreground,
                otherTurn,
                otherConversation,
                patience,
                cancelPatience);
    }

    ChatLimits withPatience(Duration other) {
        return new ChatLimits(
                steps,
                calls,
                malformed,
                repeats,
                messageCharacters,
                answerCharacters,
                resultCharacters,
                outputBytes,
                instructionCharacters,
                automaticTurns,
                foreground,
                turn,
                conversation,
                other,
                cancelPatience);
    }

    ChatLimits withLoop(int otherSteps, int otherCalls) {
        return new ChatLimits(
                otherSteps,
                otherCalls,
                malformed,
                repeats,
                messageCharacters,
                answerCharacters,
                resultCharacters,
                outputBytes,
                instructionCharacters,
                automaticTurns,
                foreground,
                turn,
                conversation,
                patience,
                cancelPatience);
    }
}
