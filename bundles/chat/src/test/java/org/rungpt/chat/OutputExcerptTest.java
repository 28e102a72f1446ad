package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;

/** Head and tail of output. */
final class OutputExcerptTest {
    @Property(tries = 300)
    void whatIsKeptAndWhatIsLeftOutAddUp(
            @ForAll @Size(max = 30) List<@StringLength(max = 40) String> pieces,
            @ForAll @IntRange(min = 0, max = 200) int bound) {
        var excerpt = new OutputExcerpt(bound);
        long at = 0;
        var all = new StringBuilder();
        for (String piece : pieces) {
            String text = new String(piece.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
            long bytes = OutputExcerpt.utf8Length(text);
            excerpt.append(at, text, bytes);
            at += bytes;
            all.append(text);
        }
        long leftOut = excerpt.leftOut(at);
        String shown = excerpt.text(at);
        if (leftOut == 0) {
            assertThat(shown).isEqualTo(all.toString());
        } else {
            String marker = "\n[… " + leftOut + " bytes left out …]\n";
            int middle = shown.indexOf(marker);
            String head = shown.substring(0, middle);
            String tail = shown.substring(middle + marker.length());
            assertThat(all.toString()).startsWith(head).endsWith(tail);
            assertThat(OutputExcerpt.utf8Length(head) + OutputExcerpt.utf8Length(tail) + leftOut)
                    .isEqualTo(at);
            assertThat(head.length() + tail.length()).isLessThanOrEqualTo(bound);
            assertThat(all.length()).as("what fits is kept whole").isGreaterThan(bound);
        }
    }

    @Property(tries = 100)
    void aSmallerExcerptIsTheExcerptOfTheSame(@ForAll @IntRange(min = 2, max = 100) int bound) {
        String text = "abcdefghij".repeat(100);
        var large = new OutputExcerpt(300);
        large.append(0, text, text.length());
        var small = new OutputExcerpt(bound);
        small.append(0, text, text.length());
        assertThat(large.within(bound).text(text.length())).isEqualTo(small.text(text.length()));
    }
}
