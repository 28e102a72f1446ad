package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class UnifiedDiffTest {
    @Test
    void aChangeIsShownWithItsSurroundings() {
        assertThat(UnifiedDiff.hunks("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"))
                .isEqualTo("@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
        assertThat(UnifiedDiff.hunks("", "a\n")).isEqualTo("@@ -0,0 +1 @@\n+a\n");
        assertThat(UnifiedDiff.hunks("a\n", "")).isEqualTo("@@ -1 +0,0 @@\n-a\n");
        assertThat(UnifiedDiff.hunks("a", "a\n")).isEqualTo("@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
        assertThat(UnifiedDiff.hunks("same\n", "same\n")).isEmpty();
    }

    @Test
    void twoTextsWithoutAnythingInCommonAreReplacedQuickly() {
        String a = "a\n".repeat(20_000);
        String b = "b\n".repeat(20_000);
        assertThat(UnifiedDiff.hunks(a, b)).startsWith("@@ -1,20000 +1,20000 @@\n-a\n");
    }

    @Test
    void whatIsNoTextIsNoText() {
        assertThat(UnifiedDiff.text(new byte[] {(byte) 0xff})).isNull();
        assertThat(UnifiedDiff.text("a\0b".getBytes(StandardCharsets.UTF_8))).isNull();
        assertThat(UnifiedDiff.text("ä".getBytes(StandardCharsets.UTF_8))).isEqualTo("ä");
    }

    /** patch is the judge. */
    @Property(tries = 60)
    void theDiffMakesOneTextOfTheOther(
            @ForAll @Size(max = 30) List<@IntRange(min = 0, max = 4) Integer> before,
            @ForAll @Size(max = 30) List<@IntRange(min = 0, max = 4) Integer> after)
            throws Exception {
        String a = text(before);
        String b = text(after);
        String hunks = UnifiedDiff.hunks(a, b);
        assertThat(hunks.isEmpty()).isEqualTo(a.equals(b));
        if (!hunks.isEmpty()) {
            assertThat(patched(a, hunks)).isEqualTo(b);
        }
    }

    private static String text(List<Integer> lines) {
        var text = new StringBuilder();
        lines.forEach(line -> text.append("line ").append(line).append('\n'));
        return text.toString();
    }

    private static String patched(String a, String hunks) throws Exception {
        Path directory = Files.createTempDirectory("diff");
        try {
            Path file = Files.writeString(directory.resolve("a"), a);
            Path patch = Files.writeString(directory.resolve("p"), "--- a\n+++ a\n" + hunks);
            Process process = new ProcessBuilder("patch", "-s", "-E", "-F0", file.toString(), patch.toString())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(said + hunks).isZero();
            return Files.exists(file) ? Files.readString(file) : "";
        } finally {
            try (Stream<Path> left = Files.list(directory)) {
                for (Path path : left.toList()) {
                    Files.delete(path);
                }
            }
            Files.delete(directory);
        }
    }
}
