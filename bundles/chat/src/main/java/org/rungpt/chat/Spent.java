package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.Prices;
import org.rungpt.api.model.Usage;

/** What was spent: calls, tokens, US dollars, and time in which the model or a call was at work; waiting for the user costs nothing. */
final class Spent {
    private static final double MILLION = 1_000_000;

    /** Bounds; 0 stands for none. */
    record Budget(int calls, long tokens, double dollars, Duration time) {
        static final Budget NONE = new Budget(0, 0, 0, Duration.ZERO);
    }

    /**
     * A budget that one more request would exceed.
     *
     * @param scope {@code turn} or {@code conversation}
     * @param budget {@code calls}, {@code tokens}, {@code dollars} or {@code minutes}
     * @param why in one sentence
     */
    record Over(String scope, String budget, String why) {}

    int calls;
    long tokens;
    double dollars;
    long millis;

    void answer(JsonNode finished) {
        JsonNode usage = finished.path("usage");
        tokens += usage.path("input").asLong() + usage.path("output").asLong();
        dollars += usage.path("cost").asDouble();
        millis += finished.path("durationMillis").asLong();
    }

    void call(JsonNode finished) {
        calls++;
        millis += finished.path("durationMillis").asLong();
    }

    /** Grants as much again of what was found spent. */
    void forget(String budget) {
        switch (budget) {
            case "calls" -> calls = 0;
            case "tokens" -> tokens = 0;
            case "dollars" -> dollars = 0;
            case "minutes" -> millis = 0;
            default -> {
                // A budget of a later version is no business of ours.
            }
        }
    }

    /**
     * The budget for which one more request would be too much; empty if it would not.
     *
     * @param scope whose budget it is: {@code turn} or {@code conversation}
     * @param next tokens of the request
     */
    Optional<Over> over(Budget budget, String scope, long next, @Nullable ModelInfo model) {
        String whose = "This " + scope;
        if (budget.calls() > 0 && calls >= budget.calls()) {
            return Optional.of(new Over(
                    scope,
                    "calls",
                    whose + " made " + calls + (calls == 1 ? " call" : " calls") + ", which is what it may make."));
        }
        if (budget.tokens() > 0 && tokens + next > budget.tokens()) {
            String why = String.format(
                    Locale.ROOT,
                    "%s used %,d tokens and the next request has some %,d: more than the %,d that it may use.",
                    whose,
                    tokens,
                    next,
                    budget.tokens());
            return Optional.of(new Over(scope, "tokens", why));
        }
        double cost = cost(model, new Usage(next, 0, true));
        if (budget.dollars() > 0 && dollars + cost > budget.dollars()) {
            String why = String.format(
                    Locale.ROOT,
                    "%s cost $%.4f and the next request costs at least $%.4f: more than the $%.4f that it may cost.",
                    whose,
                    dollars,
                    cost,
                    budget.dollars());
            return Optional.of(new Over(scope, "dollars", why));
        }
        if (budget.time().toMillis() > 0 && millis >= budget.time().toMillis()) {
            String why = "%s worked for %d seconds, which is as long as it may.".formatted(whose, millis / 1000);
            return Optional.of(new Over(scope, "minutes", why));
        }
        return Optional.empty();
    }

    /** In US dollars; 0 if nobody knows the prices. */
    static double cost(@Nullable ModelInfo model, Usage usage) {
        Prices prices = model == null ? null : model.prices();
        if (prices == null) {
            return 0;
        }
        Double cached = prices.cachedInput();
        double cachedPrice = cached == null ? prices.input() : cached;
        long fresh = Math.max(0, usage.input() - usage.cachedInput());
        return (fresh * prices.input() + usage.cachedInput() * cachedPrice + usage.output() * prices.output())
                / MILLION;
    }
}
