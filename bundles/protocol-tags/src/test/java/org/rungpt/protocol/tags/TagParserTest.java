package org.rungpt.protocol.tags;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.protocol.AnswerParser;
import org.rungpt.api.protocol.Segment;

final class TagParserTest {
    private final AnswerParser parser = new TagParser(Samples.context(Samples.FILESYSTEM, Samples.SYSTEM));

    private List<Segment> accept(String text) {
        return parser.accept(new ModelDelta.Text(text));
    }

    @Test
    void textGoesOutAtOnceAndUncopied() {
        String piece = "Hello, world.\nHow are you? ";

        List<Segment> segments = accept(piece);

        assertThat(segments).containsExactly(new Segment.Text(piece));
        assertThat(((Segment.Text) segments.get(0)).text()).isSameAs(piece);
    }

    @Test
    void holdsBackOnlyWhatMayBecomeATag() {
        assertThat(accept("a\n<")).containsExactly(new Segment.Text("a\n"));
        assertThat(accept("run-k7")).isEmpty();
        assertThat(accept("f3")).containsExactly(new Segment.Text("<run-k7f3"));
        assertThat(accept("\n  ")).containsExactly(new Segment.Text("\n  "));
        assertThat(accept("<run-k7f2")).isEmpty();
        assertThat(accept("x")).containsExactly(new Segment.Text("<run-k7f2x"));
    }

    @Test
    void saysThatACallBeginsBeforeItsArgumentsAreWritten() {
        assertThat(accept("<run-k7f2 action=\"filesystem.read_file\" id=\"1\"")).isEmpty();
        assertThat(accept(">")).containsExactly(new Segment.CallOpened("1", "filesystem.read_file"));
    }

    @Test
    void aCallIsTakenAsSoonAsItHasClosed() {
        accept("<run-k7f2 action=\"system.now\" id=\"1\">\n</run-k7f2");

        assertThat(accept(">")).singleElement().isInstanceOf(Segment.Call.class);
    }

    @Test
    void reasoningIsShownApartAndNeverSearched() {
        String call = "<run-k7f2 action=\"system.now\" id=\"1\"></run-k7f2>";

        assertThat(parser.accept(new ModelDelta.Reasoning("\n" + call)))
                .containsExactly(new Segment.Reasoning("\n" + call));
        assertThat(accept("<run-k7f2 action=\"system.")).isEmpty();
        assertThat(parser.accept(new ModelDelta.Reasoning("hm"))).containsExactly(new Segment.Reasoning("hm"));
        assertThat(accept("now\" id=\"1\"></run-k7f2>")).hasSize(2);
    }

    @Test
    void nothingIsSaidAfterACut() {
        accept("<run-k7f2 action=\"system.now\" id=\"1\"></run-k7f2> and");

        assertThat(accept("\n<run-k7f2 action=\"system.now\" id=\"2\"></run-k7f2>"))
                .isEmpty();
        assertThat(parser.accept(new ModelDelta.Reasoning("hm"))).isEmpty();
        assertThat(parser.end(FinishReason.STOP)).isEmpty();
    }

    @Test
    void aNativeToolCallIsAnsweredWithHowToCall() {
        parser.accept(new ModelDelta.ToolCall(0, "c1", "system__now", "{\"time"));
        parser.accept(new ModelDelta.ToolCall(0, null, null, "zone\":1}"));

        assertThat(parser.end(FinishReason.TOOL_CALLS)).singleElement().satisfies(segment -> {
            var malformed = (Segment.Malformed) segment;
            assertThat(malformed.problem()).contains("<run-k7f2 action=");
            assertThat(malformed.raw()).isEqualTo("system__now {\"timezone\":1}");
        });
    }

    @Test
    void aProblemTellsWhatTheTaskTakes() {
        accept("<run-k7f2 action=\"filesystem.write_file\" id=\"1\"></run-k7f2>");
        List<Segment> segments = Samples.parse(
                List.of("<run-k7f2 action=\"filesystem.write_file\" id=\"1\"></run-k7f2>"), FinishReason.STOP);

        assertThat(((Segment.Malformed) segments.get(1)).problem())
                .contains("path (string, required)")
                .contains("mode (string, default \"replace\"): one of \"replace\", \"append\"")
                .contains("new id");
    }

    @Test
    void aCallThatIsTooLongIsNone() {
        String answer =
                "<run-k7f2 action=\"filesystem.write_file\" id=\"1\">\n<arg name=\"path\">a</arg>\n<arg name=\"content\">"
                        + "x".repeat(CallBlock.MAX) + "</arg>\n</run-k7f2>";

        List<Segment> whole = Samples.parse(List.of(answer), FinishReason.STOP);

        assertThat(whole).hasSize(3);
        assertThat(((Segment.Malformed) whole.get(1)).problem()).contains("longer than");
        assertThat(((Segment.Malformed) whole.get(1)).raw()).hasSize(CallBlock.MAX);
        assertThat(whole.get(2)).isEqualTo(new Segment.Cut("text after a call"));
        assertThat(Samples.parse(TruthTableTest.cut(answer, new Random(1)), FinishReason.STOP))
                .isEqualTo(whole);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<",
                "\n<run-k7f2",
                "\n<run-k7f2 ",
                "\n```",
                "\n- ",
                "</arg> ",
                "\n<arg name=\"path\">",
                "\n<arg",
                "{",
                "{\"",
                "\n</run-k7f2",
                "</run-k7f2>",
                "\n<run-k7f2 action=\"system.now\" id=\"used\">",
                "</arg>\n   ",
                "<!--",
                "<run-k7f2 action=\"system.now\" id=\"",
                ">"
            })
    void takesLinearTimeOnHostileInput(String unit) {
        String flood = unit.repeat(2_000_000 / unit.length());
        String[] heads = {
            "",
            "<run-k7f2 action=\"filesystem.write_file\" id=\"1\">\n<arg name=\"content\">",
            "<run-k7f2 action=\"filesystem.write_file\" id=\"1\">{\"path\":\""
        };
        for (String head : heads) {
            assertTimeout(Duration.ofSeconds(10), () -> Samples.parse(List.of(head, flood), FinishReason.STOP));
            List<String> pieces = new ArrayList<>(List.of(head));
            for (int at = 0; at < flood.length(); at += 7) {
                pieces.add(flood.substring(at, Math.min(flood.length(), at + 7)));
            }
            assertTimeout(Duration.ofSeconds(10), () -> Samples.parse(pieces, FinishReason.STOP));
        }
    }
}
