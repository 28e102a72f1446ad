package org.rungpt.model.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rungpt.api.model.ModelDelta;

final class ThinkTagsTest {
    @ParameterizedTest
    @CsvSource({
        "'<think>I think.</think>\n\nHello.', I think., Hello.",
        "'\n<think>\nhm\n</think>Hello', '\nhm\n', Hello",
        "'Hello <think>no</think>', '', 'Hello <think>no</think>'",
        "'<thin air>', '', '<thin air>'",
        "'<think>never closed </thi', 'never closed </thi', ''",
        "'<think></think>', '', ''",
        "'<think>a < b</think>c', 'a < b', c",
        "'<th', '', '<th'"
    })
    void keepsReasoningApartHoweverItIsCut(String answer, String reasoning, String text) {
        for (int size = 1; size <= answer.length(); size++) {
            var thought = new StringBuilder();
            var said = new StringBuilder();
            var tags = new ThinkTags(delta -> {
                if (delta instanceof ModelDelta.Reasoning piece) {
                    thought.append(piece.text());
                } else if (delta instanceof ModelDelta.Text piece) {
                    said.append(piece.text());
                }
            });
            for (int at = 0; at < answer.length(); at += size) {
                tags.text(answer.substring(at, Math.min(answer.length(), at + size)));
            }
            tags.end();

            assertThat(List.of(thought.toString(), said.toString()))
                    .as("in pieces of %d", size)
                    .containsExactly(reasoning, text);
        }
    }
}
