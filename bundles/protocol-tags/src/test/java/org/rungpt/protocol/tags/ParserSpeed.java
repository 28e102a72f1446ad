package org.rungpt.protocol.tags;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;

/** Measures the parser: {@code java -cp … org.rungpt.protocol.tags.ParserSpeed}. One line for each kind of text, in MB (10^6 characters) a second. */
public final class ParserSpeed {
    private static final int SIZE = 4_000_000;

    private ParserSpeed() {}

    public static void main(String[] args) {
        String call =
                "<run-k7f2 action=\"filesystem.write_file\" id=\"1\">\n<arg name=\"path\">a</arg>\n<arg name=\"content\">\n";
        report(
                "prose, 4 KiB deltas",
                cut("The quick brown fox jumps over the lazy dog, and then some more text.\n", "", 4096, SIZE));
        report(
                "prose, 16 characters a delta",
                cut("The quick brown fox jumps over the lazy dog, and then some more text.\n", "", 16, SIZE));
        report(
                "markdown, 4 KiB deltas",
                cut("# Head\n\n- item `code`\n- <b>x</b>\n\n```sh\nls -la\n```\n", "", 4096, SIZE));
        report("only line breaks", cut("\n", "", 4096, SIZE));
        report("only beginnings of tags", cut("\n<run-k7f", "", 4096, SIZE));
        report("content of a call", cut("some text with a < and a > in it\n", call, 4096, 1_000_000));
        report("hostile content of a call", cut("</arg>\n<arg name=\"x\">\n", call, 4096, 1_000_000));
    }

    private static List<ModelDelta> cut(String unit, String head, int piece, int size) {
        String all = head + unit.repeat(size / unit.length());
        List<ModelDelta> deltas = new ArrayList<>();
        var random = new Random(1);
        for (int at = 0; at < all.length(); ) {
            int end = Math.min(all.length(), at + 1 + random.nextInt(2 * piece));
            deltas.add(new ModelDelta.Text(all.substring(at, end)));
            at = end;
        }
        return deltas;
    }

    private static void report(String name, List<ModelDelta> deltas) {
        long characters = deltas.stream()
                .mapToLong(each -> ((ModelDelta.Text) each).text().length())
                .sum();
        double best = 0;
        for (int round = 0; round < 30; round++) {
            var parser = new TagParser(Samples.context(Samples.FILESYSTEM, Samples.SYSTEM));
            long segments = 0;
            long start = System.nanoTime();
            for (ModelDelta delta : deltas) {
                segments += parser.accept(delta).size();
            }
            segments += parser.end(FinishReason.STOP).size();
            double seconds = (System.nanoTime() - start) / 1e9;
            best = segments < 0 ? 0 : Math.max(best, characters / 1e6 / seconds);
        }
        System.out.printf(Locale.ROOT, "%-30s %8.0f MB/s%n", name, best);
    }
}
