package org.rungpt.protocol.tags;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;

/** The parser on plain and on adversarial text, by JMH; {@code main} prints a table. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ParserBenchmark {
    private static final int SHORT = 250_000;
    private static final int LONG = 1_000_000;
    private static final String CALL =
            "<run-k7f2 action=\"filesystem.write_file\" id=\"1\">\n<arg name=\"path\">a</arg>\n<arg name=\"content\">\n";
    private static final String PROSE = "The quick brown fox jumps over the lazy dog, and then some more text.\n";

    /** What a model writes, or an attacker makes it write: the same again and again. */
    public enum Text {
        PROSE_IN_4_KIB_DELTAS("", PROSE, 4096),
        PROSE_IN_16_CHARACTER_DELTAS("", PROSE, 16),
        MARKDOWN("", "# Head\n\n- item `code`\n- <b>x</b>\n\n```sh\nls -la\n```\n", 4096),
        CONTENT_OF_A_CALL(CALL, "some text with a < and a > in it\n", 4096),
        ONLY_LINE_BREAKS("", "\n", 4096),
        ONLY_BEGINNINGS_OF_TAGS("", "\n<run-k7f", 4096),
        ONLY_FENCES("", "```\n~~~~\n", 4096),
        ONLY_QUOTES_OF_QUOTES("", "> > > > > > > > ", 4096),
        ONLY_BACKTICKS("", "`", 4096),
        HOSTILE_CONTENT_OF_A_CALL(CALL, "</arg>\n<arg name=\"x\">\n", 4096);

        private final String head;
        private final String unit;
        private final int delta;

        Text(String head, String unit, int delta) {
            this.head = head;
            this.unit = unit;
            this.delta = delta;
        }

        List<ModelDelta> deltas(int characters) {
            String all = head + unit.repeat(characters / unit.length());
            var deltas = new ArrayList<ModelDelta>();
            var random = new Random(1);
            for (int at = 0; at < all.length(); ) {
                int end = Math.min(all.length(), at + 1 + random.nextInt(2 * delta));
                deltas.add(new ModelDelta.Text(all.substring(at, end)));
                at = end;
            }
            return deltas;
        }
    }

    @Param
    public Text text;

    @Param({"" + SHORT, "" + LONG})
    public int characters;

    private List<ModelDelta> deltas;

    @Setup
    public void cut() {
        deltas = text.deltas(characters);
    }

    @Benchmark
    public int parse() {
        var parser = new TagParser(Samples.context(Samples.FILESYSTEM, Samples.SYSTEM));
        int segments = 0;
        for (ModelDelta delta : deltas) {
            segments += parser.accept(delta).size();
        }
        return segments + parser.end(FinishReason.STOP).size();
    }

    /** One line for each text: millions of characters a second, and how much longer four times the text takes. */
    public static void main(String[] args) throws RunnerException {
        var options = new OptionsBuilder()
                .include(ParserBenchmark.class.getName())
                .verbosity(VerboseMode.SILENT)
                .build();
        Map<Text, Map<Integer, Double>> micros = new TreeMap<>();
        for (RunResult result : new Runner(options).run()) {
            micros.computeIfAbsent(Text.valueOf(result.getParams().getParam("text")), text -> new TreeMap<>())
                    .put(
                            Integer.valueOf(result.getParams().getParam("characters")),
                            result.getPrimaryResult().getScore());
        }
        System.out.printf("%-30s %8s   %s%n", "text", "MB/s", "time for 4 x the text");
        micros.forEach((text, times) -> System.out.printf(
                Locale.ROOT,
                "%-30s %8.0f   %.1f x%n",
                text.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                LONG / times.get(LONG),
                times.get(LONG) / times.get(SHORT)));
    }
}
