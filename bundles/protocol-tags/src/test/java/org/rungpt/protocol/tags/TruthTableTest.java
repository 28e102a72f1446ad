package org.rungpt.protocol.tags;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.protocol.Segment;

/** Every row of truth-table.txt, whole, one character at a time and in a thousand random cuts. */
final class TruthTableTest {
    private static final Pattern HEAD = Pattern.compile("(! )?(.*?)( \\((length|cancelled)\\))?");
    private static final Pattern HIDDEN = Pattern.compile("\\{(tab|cr|zwsp|nbsp|bom|\\d+ .)}");

    record Row(String name, boolean hostile, FinishReason reason, String answer, List<String> expected) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Row> rows() throws IOException {
        String table;
        try (InputStream in = TruthTableTest.class.getResourceAsStream("/truth-table.txt")) {
            table = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        List<Row> rows = new ArrayList<>();
        for (String part : table.substring(table.indexOf("\n=== ") + 5).split("\n=== ", -1)) {
            int head = part.indexOf('\n');
            int middle = part.indexOf("\n---\n");
            Matcher name = HEAD.matcher(part.substring(0, head));
            assertThat(name.matches()).isTrue();
            rows.add(new Row(
                    name.group(2),
                    name.group(1) != null,
                    name.group(4) == null
                            ? FinishReason.STOP
                            : FinishReason.valueOf(name.group(4).toUpperCase(Locale.ROOT)),
                    seen(part.substring(Math.min(head + 1, middle), middle)),
                    part.substring(middle + 5)
                            .lines()
                            .filter(line -> !line.isBlank())
                            .toList()));
        }
        return rows.stream();
    }

    private static String seen(String answer) {
        return HIDDEN.matcher(answer)
                .replaceAll(match -> Matcher.quoteReplacement(
                        switch (match.group(1)) {
                            case "tab" -> "\t";
                            case "cr" -> "\r";
                            case "zwsp" -> "\u200b";
                            case "nbsp" -> "\u00a0";
                            case "bom" -> "\ufeff";
                            default -> {
                                String[] times = match.group(1).split(" ", -1);
                                yield times[1].repeat(Integer.parseInt(times[0]));
                            }
                        }));
    }

    @Test
    @DisplayName("D.41 the truth table has at least sixty rows and forty hostile ones")
    void hasAtLeastSixtyRowsAndFortyHostileOnes() throws IOException {
        assertThat(rows().count()).isGreaterThanOrEqualTo(60);
        assertThat(rows().filter(Row::hostile).count()).isGreaterThanOrEqualTo(40);
        assertThat(rows().map(Row::name)).doesNotHaveDuplicates();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    @DisplayName("D.41 each row of the truth table, fed whole")
    void whole(Row row) {
        assertThat(told(row, Samples.parse(List.of(row.answer()), row.reason())))
                .isEqualTo(row.expected());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    @DisplayName("D.41 each row of the truth table, one character at a time")
    void oneCharacterAtATime(Row row) {
        List<String> pieces = row.answer().chars().mapToObj(Character::toString).toList();
        assertThat(Samples.parse(pieces, row.reason())).isEqualTo(Samples.parse(List.of(row.answer()), row.reason()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    @DisplayName("D.41 each row of the truth table, in a thousand random cuts")
    void inAThousandRandomCuts(Row row) {
        List<Segment> whole = Samples.parse(List.of(row.answer()), row.reason());
        int rounds = row.answer().length() > 10_000 ? 20 : 1000;
        for (int seed = 0; seed < rounds; seed++) {
            List<String> pieces = cut(row.answer(), new Random(seed));
            List<Segment> segments = Samples.parse(pieces, row.reason());
            if (!segments.equals(whole)) {
                assertThat(segments).as("seed %d: %s", seed, pieces).isEqualTo(whole);
            }
        }
    }

    static List<String> cut(String answer, Random random) {
        List<String> pieces = new ArrayList<>();
        int most = 1 + random.nextInt(40);
        for (int at = 0; at < answer.length(); ) {
            int end = Math.min(answer.length(), at + 1 + random.nextInt(most));
            pieces.add(answer.substring(at, end));
            at = end;
        }
        return pieces;
    }

    /** The segments in the words of the table; of a malformed call as much as the row says. */
    private static List<String> told(Row row, List<Segment> segments) {
        List<String> told = new ArrayList<>();
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            String expected = i < row.expected().size() ? row.expected().get(i) : "";
            if (segment instanceof Segment.Text text) {
                told.add("text " + quoted(text.text()));
            } else if (segment instanceof Segment.CallOpened opened) {
                told.add("opened " + opened.ref() + " " + opened.task());
            } else if (segment instanceof Segment.Call call) {
                assertThat(row.answer()).contains(call.call().raw());
                told.add("call " + call.call().ref() + " " + call.call().task() + " "
                        + call.call().arguments());
            } else if (segment instanceof Segment.Malformed malformed) {
                assertThat(row.answer()).contains(malformed.raw());
                String head = "malformed " + (malformed.ref() == null ? "-" : malformed.ref()) + " "
                        + (malformed.task() == null ? "-" : malformed.task()) + ": ";
                boolean asExpected =
                        expected.startsWith(head) && malformed.problem().contains(expected.substring(head.length()));
                told.add(asExpected ? expected : head + malformed.problem());
            } else if (segment instanceof Segment.Cut cut) {
                told.add("cut " + cut.reason());
            } else {
                told.add(segment.toString());
            }
        }
        return told;
    }

    private static String quoted(String text) {
        var quoted = new StringBuilder();
        for (char c : TextNode.valueOf(text).toString().toCharArray()) {
            quoted.append(c == '\u200b' || c == '\u00a0' || c == '\ufeff' ? String.format("\\u%04x", (int) c) : c);
        }
        return quoted.toString();
    }
}
