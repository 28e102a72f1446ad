package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.action.Task;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.protocol.AnswerParser;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.api.protocol.ParserContext;
import org.rungpt.api.protocol.Segment;

/** What every {@link CallProtocol} makes of the mistakes that models make: see {@link Mistakes}. */
public abstract class MistakesContract {
    private static final int ROUNDS = 40;

    private static final InstalledAction FILES = SampleActions.action(
            "files",
            task("read", "\"path\":{\"type\":\"string\"},\"limit\":{\"type\":\"integer\"}", "\"path\""),
            task("write", "\"path\":{\"type\":\"string\"},\"content\":{\"type\":\"string\"}", "\"path\",\"content\""),
            task("list", "", ""));
    private static final InstalledAction WEB = SampleActions.action(
            "web", task("search", "\"query\":{\"type\":\"string\"},\"count\":{\"type\":\"integer\"}", "\"query\""));

    /** The protocol under test. */
    protected abstract CallProtocol protocol();

    static Stream<Mistakes.Case> mistakes() {
        return Mistakes.all();
    }

    @Test
    void thereAreAtLeastAHundred() {
        assertThat(Mistakes.all().map(Mistakes.Case::name))
                .hasSizeGreaterThanOrEqualTo(100)
                .doesNotHaveDuplicates();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("mistakes")
    void comesOut(Mistakes.Case mistake) {
        List<String> expected = protocol().id().equals("native") ? mistake.natives() : mistake.tags();
        List<Segment> whole = parse(mistake.answer(), mistake);

        assertThat(told(whole, expected)).isEqualTo(expected.equals(List.of("text")) ? List.of() : expected);
        assertThat(told(parse(cut(mistake.answer(), null), mistake), expected)).isEqualTo(told(whole, expected));
        for (int seed = 0; seed < ROUNDS; seed++) {
            assertThat(told(parse(cut(mistake.answer(), new Random(seed)), mistake), expected))
                    .as("seed %d", seed)
                    .isEqualTo(told(whole, expected));
        }
    }

    private List<Segment> parse(List<ModelDelta> answer, Mistakes.Case mistake) {
        AnswerParser parser = protocol()
                .parser(new ParserContext(
                        "k7f2",
                        name -> Stream.of(FILES, WEB)
                                .flatMap(action ->
                                        action.manifest().tasks().stream().map(task -> new InstalledTask(action, task)))
                                .filter(task -> task.name().equals(name))
                                .findFirst(),
                        "used"::equals));
        List<Segment> segments = new ArrayList<>();
        answer.forEach(delta -> segments.addAll(parser.accept(delta)));
        segments.addAll(parser.end(mistake.finish()));
        return segments;
    }

    /** What came of it in the words of the case; of a correction as much as the case says. */
    private static List<String> told(List<Segment> segments, List<String> expected) {
        List<String> told = new ArrayList<>();
        for (Segment segment : segments) {
            String wanted = told.size() < expected.size() ? expected.get(told.size()) : "";
            if (segment instanceof Segment.Call call) {
                told.add("call " + call.call().task() + " " + call.call().arguments());
            } else if (segment instanceof Segment.Malformed malformed) {
                boolean said =
                        wanted.startsWith("wrong ") && malformed.problem().contains(wanted.substring(6));
                told.add(said ? wanted : "wrong " + malformed.problem());
            } else if (segment instanceof Segment.Cut) {
                told.add("cut");
            }
        }
        return told;
    }

    /** @param random null for single characters */
    private static List<ModelDelta> cut(List<ModelDelta> answer, @Nullable Random random) {
        List<ModelDelta> pieces = new ArrayList<>();
        for (ModelDelta delta : answer) {
            if (delta instanceof ModelDelta.Text text) {
                cut(text.text(), random).forEach(piece -> pieces.add(new ModelDelta.Text(piece)));
            } else if (delta instanceof ModelDelta.ToolCall call) {
                pieces.add(new ModelDelta.ToolCall(call.index(), call.id(), call.name(), ""));
                cut(call.arguments(), random)
                        .forEach(piece -> pieces.add(new ModelDelta.ToolCall(call.index(), null, null, piece)));
            } else {
                pieces.add(delta);
            }
        }
        return pieces;
    }

    private static List<String> cut(String text, @Nullable Random random) {
        List<String> pieces = new ArrayList<>();
        for (int at = 0; at < text.length(); ) {
            int end = Math.min(text.length(), at + 1 + (random == null ? 0 : random.nextInt(20)));
            pieces.add(text.substring(at, end));
            at = end;
        }
        return pieces;
    }

    private static Task task(String name, String properties, String required) {
        return SampleActions.task(
                name, "{\"type\":\"object\",\"required\":[" + required + "],\"properties\":{" + properties + "}}");
    }
}
