package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.Prices;
import org.rungpt.chat.Spent.Budget;

class SpentTest {
    private static final ModelInfo PRICED = new ModelInfo("one", "One", null, false, new Prices(10, 100, null));

    private static Spent spent() {
        var spent = new Spent();
        spent.answer(Json.object("{\"usage\":{\"input\":900,\"output\":100,\"cost\":0.019},\"durationMillis\":1500}"));
        spent.call(Json.object("{\"durationMillis\":700}"));
        return spent;
    }

    @Test
    void withoutABudgetNothingIsTooMuch() {
        assertThat(spent().over(Budget.NONE, "turn", Long.MAX_VALUE / 2, PRICED))
                .isEmpty();
    }

    @Test
    void callsAreBounded() {
        assertThat(spent().over(new Budget(2, 0, 0, Duration.ZERO), "turn", 0, null))
                .isEmpty();
        assertThat(spent().over(new Budget(1, 0, 0, Duration.ZERO), "turn", 0, null))
                .map(Spent.Over::why)
                .hasValue("This turn made 1 call, which is what it may make.");
    }

    @Test
    void tokensAreBoundedWithTheRequestThatWouldBeSent() {
        assertThat(spent().over(new Budget(0, 1500, 0, Duration.ZERO), "turn", 500, null))
                .isEmpty();
        assertThat(spent().over(new Budget(0, 1500, 0, Duration.ZERO), "turn", 501, null))
                .map(Spent.Over::why)
                .hasValue(
                        "This turn used 1,000 tokens and the next request has some 501: more than the 1,500 that it may use.");
    }

    @Test
    void costIsBoundedWithTheRequestThatWouldBeSentAsFarAsPricesAreKnown() {
        var budget = new Budget(0, 0, 0.02, Duration.ZERO);
        assertThat(spent().over(budget, "conversation", 1000, null)).isEmpty();
        assertThat(spent().over(budget, "conversation", 90, PRICED)).isEmpty();
        assertThat(spent().over(budget, "conversation", 1000, PRICED))
                .map(Spent.Over::why)
                .hasValue(
                        "This conversation cost $0.0190 and the next request costs at least $0.0100: more than the $0.0200 that it may cost.");
    }

    @Test
    @DisplayName("D.54 time is bounded: that of answers and that of calls together")
    void timeIsBounded() {
        assertThat(spent().over(new Budget(0, 0, 0, Duration.ofMillis(2201)), "turn", 0, null))
                .isEmpty();
        assertThat(spent().over(new Budget(0, 0, 0, Duration.ofMillis(2200)), "turn", 0, null))
                .map(Spent.Over::why)
                .hasValue("This turn worked for 2 seconds, which is as long as it may.");
    }
}
