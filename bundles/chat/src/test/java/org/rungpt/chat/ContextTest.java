package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.rungpt.api.chat.Message;

/** What gives way, as whoever sums it up is told it. */
final class ContextTest {
    private static final String FIRST = Context.notice("FIRST " + "a fact ".repeat(1000) + "LAST");

    /** What an earlier summary left, and what was said since. */
    private static List<Message> since(int messages, int length) {
        List<Message> history = new ArrayList<>();
        history.add(new Message.Notice("n", FIRST));
        for (int i = 1; i <= messages; i++) {
            history.add(new Message.User("u" + i, "said " + i + "; " + "x".repeat(length)));
        }
        return history;
    }

    @Test
    void aSecondSummaryIsToldTheWholeFirstOne() {
        String transcript = Context.transcript(since(30, 3000), 20_000);
        assertThat(transcript)
                .startsWith("### NOTE\n" + FIRST)
                .contains("said 1;", "said 30;")
                .hasSizeLessThanOrEqualTo(20_000);
    }

    @Test
    void ofMoreThanCanBeToldTheMiddleIsLeftOut() {
        String transcript = Context.transcript(since(300, 500), 12_000);
        assertThat(transcript)
                .startsWith("### NOTE\n" + FIRST)
                .contains("said 1;", "\n[…]\n", "said 300;")
                .doesNotContain("said 200;")
                .hasSizeLessThanOrEqualTo(12_000);
        assertThat(Context.transcript(since(5, 500), 2000))
                .contains("FIRST", "LAST", "USER")
                .hasSizeLessThanOrEqualTo(2000);
    }

    @Test
    void aSummaryWithoutAModelKeepsTheOneBefore() {
        String summary = Context.fallback(since(100, 10), 400_000);
        assertThat(summary).startsWith(FIRST).contains("said 61;", "said 100;").doesNotContain("said 60;");
        assertThat(Context.fallback(since(100, 10), 3000))
                .contains("FIRST", "said 100;")
                .hasSizeLessThanOrEqualTo(3000);
    }
}
