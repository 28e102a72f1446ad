package org.rungpt.protocol.tags;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.protocol.Segment;

final class TagParserPropertyTest {
    @Provide
    Arbitrary<String> answers() {
        return Arbitraries.of(
                        "text ",
                        "\n",
                        "\n\n",
                        " ",
                        "   ",
                        "    ",
                        "\t",
                        "\r\n",
                        "`",
                        "```",
                        "```xml\n",
                        "~~~~\n",
                        "- ```\n",
                        "<!--",
                        "-->",
                        "<",
                        ">",
                        "<run-k7f2",
                        "<run-abcd action=\"system.now\" id=\"1\">",
                        "<run-k7f2 action=\"system.now\" id=\"1\">",
                        "<run-k7f2 action=\"system.now\" id=\"2\"></run-k7f2>",
                        "<run-k7f2 action=\"system.now\" id=\"used\">",
                        "<run-k7f2 action=\"filesystem.write_file\" id=\"3\">\n",
                        "<run-k7f2 action=\"filesystem.write_file\" id=\"4\">{\"path\":\"a\",\"content\":\"",
                        "<run-k7f2 action=\"nope\" id=\"5\">",
                        "<run-k7f2 action='system.now' id='6'/>",
                        "<arg name=\"path\">a</arg>\n",
                        "<arg name=\"content\">\n",
                        "<arg name=\"content\">b",
                        "<arg name=\"other\">",
                        "</arg>",
                        "\n</arg>\n",
                        "\"}",
                        "{\"path\":",
                        "\"",
                        "\\",
                        "</run-k7f2>",
                        "\n</run-k7f2>",
                        "</run-k7f2",
                        "ä\ud83d\ude80")
                .list()
                .ofMaxSize(25)
                .map(parts -> String.join("", parts));
    }

    @Property(tries = 3000, shrinking = ShrinkingMode.BOUNDED)
    void everyChunkingGivesTheSame(@ForAll("answers") String answer, @ForAll long seed, @ForAll FinishReason reason) {
        List<Segment> whole = Samples.parse(List.of(answer), reason);

        assertThat(Samples.parse(TruthTableTest.cut(answer, new Random(seed)), reason))
                .isEqualTo(whole);
        assertThat(Samples.parse(answer.chars().mapToObj(Character::toString).toList(), reason))
                .isEqualTo(whole);
    }

    @Property(tries = 3000, shrinking = ShrinkingMode.BOUNDED)
    void nothingIsLostBeforeACut(@ForAll("answers") String answer) {
        List<Segment> segments = Samples.parse(List.of(answer), FinishReason.STOP);
        var told = new StringBuilder();
        boolean cut = false;
        for (Segment segment : segments) {
            assertThat(cut).isFalse();
            if (segment instanceof Segment.Text text) {
                told.append(text.text());
            } else if (segment instanceof Segment.Call call) {
                told.append(call.call().raw());
            } else if (segment instanceof Segment.Malformed malformed) {
                told.append(malformed.raw());
            }
            cut = segment instanceof Segment.Cut;
        }
        if (cut) {
            assertThat(answer).startsWith(told.toString());
        } else {
            assertThat(told).hasToString(answer);
        }
    }
}
