package org.rungpt.source.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.api.action.ActionException;
import org.rungpt.source.git.TestRepository.Raw;

/** Repositories that mean harm are refused with a reason, and leave nothing behind. */
class HostileRepositoriesTest extends Fixture {
    /** What the repository holds beside a good action, and what the refusal says. */
    record Row(String name, Content content, String reason) {
        interface Content {
            List<Raw> of(TestRepository repository) throws IOException;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static Row file(String name, String reason) {
        return new Row("file " + name, r -> List.of(new Raw("100644", name, r.blob("x"))), reason);
    }

    private static Row link(String name, String target) {
        return new Row(
                "link to " + target,
                r -> List.of(new Raw("120000", name, r.blob(target))),
                name + ": is a symbolic link");
    }

    static Stream<Row> rows() {
        return Stream.of(
                link("leak", "/etc/passwd"),
                link("up", "../../.."),
                link("inside", "run"),
                new Row("submodule", r -> List.of(new Raw("160000", "sub", "12".repeat(20))), "sub: is a submodule"),
                new Row(
                        ".gitmodules with a command",
                        r -> List.of(new Raw(
                                "100644",
                                ".gitmodules",
                                r.blob("[submodule \"x\"]\n\tpath = x\r\n\turl = ext::sh -c touch% PWN\n"))),
                        ".gitmodules: submodules are not followed"),
                file(".git", "malformed"),
                file(".GIT", "malformed"),
                file(".Git ", "malformed"),
                file("git~1", "git"),
                file(".g\u200cit", ".git"),
                file(".git::$INDEX_ALLOCATION", ".git"),
                file("..", "malformed"),
                file(".", "malformed"),
                file("a/b", "malformed"),
                file("a\\b", "backslash"),
                file("a\nb", "control"),
                file("a\u202eb", "invisible"),
                file("\u001b[2Jx", "control"),
                file("n".repeat(300), "longer than 255 bytes"),
                new Row(
                        "a name that is not UTF-8",
                        r -> List.of(new Raw("100644", new byte[] {'a', (byte) 0xFF}, r.blob("x"))),
                        "is not UTF-8"),
                new Row(
                        "names that differ in case only",
                        r -> List.of(
                                new Raw("100644", "Readme", r.blob("a")), new Raw("100644", "readme", r.blob("b"))),
                        "readme: another file differs from it in upper and lower case only"),
                new Row(
                        "names that differ in composition only",
                        r -> List.of(
                                new Raw("100644", "e\u0301", r.blob("a")), new Raw("100644", "\u00e9", r.blob("b"))),
                        "another file differs"),
                new Row(
                        "the same name twice",
                        r -> List.of(new Raw("100644", "x", r.blob("a")), new Raw("100644", "x", r.blob("b"))),
                        "malformed"),
                new Row("deep", HostileRepositoriesTest::deep, "deeper than 32 directories"),
                new Row(
                        "a file of 2 MiB that packs to nothing",
                        r -> List.of(new Raw("100644", "zeros", zeros(r))),
                        "larger than"),
                new Row("too many files", HostileRepositoriesTest::many, "more than 200 files"),
                new Row("too much together", HostileRepositoriesTest::much, "larger than 4 MiB together"),
                new Row(
                        "far too many files",
                        HostileRepositoriesTest::farTooMany,
                        "more files than an action may have"),
                new Row("more than may be sent", HostileRepositoriesTest::noise, "more than an action may have"));
    }

    private static List<Raw> deep(TestRepository repository) throws IOException {
        String tree = repository.tree(List.of(new Raw("100644", "bottom", repository.blob("x"))));
        for (int i = 0; i < 40; i++) {
            tree = repository.tree(List.of(new Raw("40000", "d", tree)));
        }
        return List.of(new Raw("40000", "d", tree));
    }

    private static String zeros(TestRepository repository) throws IOException {
        return repository.git(new byte[(int) (2 * MIB)], "hash-object", "-w", "--stdin");
    }

    private static List<Raw> many(TestRepository repository) throws IOException {
        String blob = repository.blob("x");
        List<Raw> all = new ArrayList<>();
        for (int i = 0; i < 250; i++) {
            all.add(new Raw("100644", "f" + i, blob));
        }
        return all;
    }

    private static List<Raw> much(TestRepository repository) throws IOException {
        String blob = repository.git(new byte[900_000], "hash-object", "-w", "--stdin");
        List<Raw> all = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            all.add(new Raw("100644", "f" + i, blob));
        }
        return all;
    }

    /** As many different objects, made in one go. */
    private static List<Raw> farTooMany(TestRepository repository) throws IOException {
        var stream = new StringBuilder();
        for (int i = 1; i <= 700; i++) {
            String text = "file " + i;
            stream.append("blob\nmark :")
                    .append(i)
                    .append("\ndata ")
                    .append(text.length())
                    .append('\n')
                    .append(text)
                    .append('\n');
        }
        stream.append("commit refs/heads/many\ncommitter T <t@example.org> 0 +0000\ndata 0\n");
        for (int i = 1; i <= 700; i++) {
            stream.append("M 100644 :").append(i).append(" f").append(i).append('\n');
        }
        repository.git(stream.toString().getBytes(StandardCharsets.UTF_8), "fast-import", "--quiet");
        return List.of(new Raw("40000", "many", repository.git("rev-parse", "many^{tree}")));
    }

    private static List<Raw> noise(TestRepository repository) throws IOException {
        var random = new Random(1);
        List<Raw> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            byte[] bytes = new byte[1_000_000];
            random.nextBytes(bytes);
            all.add(new Raw("100644", "f" + i, repository.git(bytes, "hash-object", "-w", "--stdin")));
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("rows")
    void isRefusedAndLeavesNothing(Row row) throws IOException {
        TestRepository repository = repository("evil/plot");
        repository.commitRaw("plot", row.content().of(repository));

        assertThatThrownBy(() -> install("evil/plot"))
                .isInstanceOf(ActionException.class)
                .hasMessageStartingWith("evil/plot: ")
                .hasMessageContaining(row.reason())
                .message()
                .doesNotContain("\n", "\u001b", "\u202e", "Exception");
        assertThat(source.packages()).isEmpty();
        assertThat(staged()).isEmpty();
        assertThat(data.resolve("actions/evil")).doesNotExist();
    }

    @Test
    void harmlessOdditiesAreFilesLikeOthers() throws Exception {
        TestRepository repository = repository("acme/plot");
        repository.commitRaw(
                "plot",
                List.of(
                        new Raw("100644", "--upload-pack=touch x", repository.blob("x")),
                        new Raw("100664", "group-writable", repository.blob("x")),
                        new Raw("100644", "$(touch PWN);`id`", repository.blob("x")),
                        new Raw("100644", ".gitignore", repository.blob("x"))));

        assertThat(install("acme/plot").directory().resolve("$(touch PWN);`id`"))
                .hasContent("x");
        assertThat(Files.exists(directory.resolve("PWN"))).isFalse();
    }
}
