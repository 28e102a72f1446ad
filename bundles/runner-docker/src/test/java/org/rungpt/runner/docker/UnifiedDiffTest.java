package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
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

    @Test
    void changesWhoseSurroundingsTouchAreOneHunk() {
        assertThat(UnifiedDiff.hunks("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n"))
                .isEqualTo("@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
        assertThat(UnifiedDiff.hunks("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n"))
                .isEqualTo("@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
    }

    /** patch and git are the judges. */
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

    @Property(tries = 60)
    void theDiffOfALongTextMakesOneOfTheOther(@ForAll @Size(40) List<@IntRange(min = 0, max = 5) Integer> lines)
            throws Exception {
        List<Integer> before = IntStream.range(0, lines.size()).boxed().toList();
        List<Integer> after =
                before.stream().map(i -> lines.get(i) == 0 ? i + 100 : i).toList();
        String hunks = UnifiedDiff.hunks(text(before), text(after));
        if (!hunks.isEmpty()) {
            assertThat(patched(text(before), hunks)).isEqualTo(text(after));
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
            Path patch = Files.writeString(directory.resolve("p"), "--- a/a\n+++ b/a\n" + hunks);
            run(directory, hunks, "git", "apply", "--check", "p");
            run(directory, hunks, "patch", "-s", "-E", "-F0", file.toString(), patch.toString());
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

    private static void run(Path directory, String hunks, String... command) throws Exception {
        var builder = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().put("GIT_CEILING_DIRECTORIES", String.valueOf(directory.getParent()));
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(command[0] + ": " + said + hunks).isZero();
    }
}
