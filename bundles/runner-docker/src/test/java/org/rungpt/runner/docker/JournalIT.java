package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.WorkspaceJournal.Change;
import org.rungpt.api.runner.WorkspaceJournal.Changes;
import org.rungpt.api.runner.WorkspaceJournal.Kind;
import org.rungpt.api.runner.WorkspaceJournal.Revert;
import org.rungpt.testkit.RecordingObserver;

/** What calls change in the workspace can be seen and taken back. */
@Tag("docker")
final class JournalIT {
    @TempDir
    static Path directory;

    private static Bench bench;

    private final String conversation = "c-" + UUID.randomUUID();

    @BeforeAll
    static void open() throws Exception {
        bench = new Bench(directory, 0).ready();
    }

    @AfterAll
    static void close() throws Exception {
        bench.close();
    }

    @AfterEach
    void release() throws Exception {
        bench.runner().release(conversation);
        assertThat(Files.exists(bench.data.resolve("journal").resolve(conversation)))
                .isFalse();
        assertThat(helpers()).isEmpty();
    }

    private List<String> helpers() {
        return bench
                .docker()
                .listContainersCmd()
                .withShowAll(true)
                .withLabelFilter(Map.of(Labels.JOURNAL, conversation))
                .exec()
                .stream()
                .map(container -> container.getId())
                .toList();
    }

    private static Journals journal() throws Exception {
        return (Journals) bench.runner().journals();
    }

    /** Runs a command and gives the id of its call. */
    private String run(String command) throws Exception {
        RecordingObserver observer = new RecordingObserver();
        CallHandle handle = bench.start(conversation, bench.shell(), command, observer);
        CallOutcome outcome = Bench.await(handle);
        assertThat(outcome.exit()).as(observer.text(Stream.STDERR)).isZero();
        return handle.call();
    }

    private String output(String command) throws Exception {
        RecordingObserver observer = new RecordingObserver();
        Bench.await(bench.start(conversation, bench.shell(), command, observer));
        return observer.text(Stream.STDOUT);
    }

    private List<String> changes(String call) throws Exception {
        Changes changes = journal().changes(conversation, call).orElseThrow();
        assertThat(changes.note()).isNull();
        List<String> all = new ArrayList<>();
        for (Change change : changes.files()) {
            all.add(change.kind() + " " + change.path());
        }
        return all;
    }

    private String diff(String call) throws Exception {
        return journal().diff(conversation, call).orElseThrow();
    }

    @Test
    void everyCallsChangesAreListedAndShown() throws Exception {
        String first = run("mkdir d; printf 'one\\ntwo\\n' > d/a; printf '\\377\\000' > binary; ln -s d/a link");
        String nothing = run("cat d/a");
        String second = run("printf 'one\\n2\\n' > d/a; rm binary; chmod 600 d/a");

        assertThat(changes(first)).containsExactly("ADDED binary", "ADDED d/", "ADDED d/a", "ADDED link");
        assertThat(changes(nothing)).isEmpty();
        assertThat(changes(second)).containsExactly("DELETED binary", "MODIFIED d/a");
        assertThat(diff(first))
                .contains(
                        "diff --git a/binary b/binary\nnew file mode 100644\nBinary files /dev/null and b/binary differ\n")
                .contains("+++ b/d/a\n@@ -0,0 +1,2 @@\n+one\n+two\n");
        assertThat(diff(second))
                .contains("old mode 100644\nnew mode 100600\n--- a/d/a\n+++ b/d/a\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n");
        assertThat(journal().changes(conversation, "c-unknown")).isEmpty();
        assertThat(journal().changes("never-there", first)).isEmpty();
    }

    @Test
    void aCallIsRevertedAndTheRevertToo() throws Exception {
        run("mkdir -p keep/deep; echo old > keep/deep/a; echo gone > gone; ln -s gone link; chmod 750 gone");
        String call = run("echo new > keep/deep/a; rm gone link; mkdir -p fresh/x; echo y > fresh/x/y; touch empty");
        Revert revert = journal().revert(conversation, call).orElseThrow();

        assertThat(revert.obstacles()).isEmpty();
        assertThat(revert.files()).extracting(Change::kind).contains(Kind.ADDED, Kind.MODIFIED, Kind.DELETED);
        assertThat(output("cat keep/deep/a gone; stat -c '%a %U' gone; readlink link; ls -A"))
                .isEqualTo("old\ngone\n750 root\ngone\ngone\nkeep\nlink\n");

        Revert again =
                journal().revert(conversation, String.valueOf(revert.id())).orElseThrow();
        assertThat(again.obstacles()).isEmpty();
        assertThat(output("cat keep/deep/a fresh/x/y; ls -A")).isEqualTo("new\ny\nempty\nfresh\nkeep\n");
    }

    @Test
    void whatWasChangedSinceIsNamedAndNothingIsDone() throws Exception {
        String call = run("echo 1 > a; echo 1 > b");
        run("echo 2 > a");
        Revert revert = journal().revert(conversation, call).orElseThrow();
        assertThat(revert.id()).isNull();
        assertThat(revert.obstacles()).containsExactly("a: it was changed since");
        assertThat(output("cat a b")).isEqualTo("2\n1\n");
    }

    @Test
    void whatABackgroundProgramChangedSinceStandsInTheWayToo() throws Exception {
        String call = run(
                "echo 1 > a; nohup sh -c 'until test -e go; do sleep 0.02; done; echo 2 > a; touch done' >/dev/null 2>&1 &");
        run("touch go; until test -e done; do sleep 0.02; done");
        assertThat(journal().revert(conversation, call).orElseThrow().obstacles())
                .containsExactly("a: it was changed since");
    }

    @Test
    void whatTheModelDoesInItsSandboxFalsifiesNothing() throws Exception {
        String call = run("echo honest > a");
        assertThat(changes(call)).containsExactly("ADDED a");
        // Root in the sandbox: no trace of the journal, and times that are put back hide nothing.
        assertThat(output("ls -A /workspace; ls /var/lib/rungpt")).isEqualTo("a\n");
        String tampered =
                run("touch -r a ref; echo tamper > a; touch -r ref a; rm ref; rm -f /usr/local/bin/workspace-journal");
        assertThat(changes(tampered)).containsExactly("MODIFIED a");
        assertThat(diff(tampered)).contains("-honest\n+tamper\n");
    }

    @Test
    void linksOutOfTheWorkspaceAndPipesAreNotFollowed() throws Exception {
        String call = run("ln -s /etc out; mkfifo pipe; echo x > a");
        assertThat(changes(call)).containsExactly("ADDED a", "ADDED out", "ADDED pipe");
        assertThat(journal().revert(conversation, call).orElseThrow().obstacles())
                .isEmpty();
        assertThat(output("ls -A; ls /etc/passwd")).isEqualTo("/etc/passwd\n");
    }

    @Test
    void aFileThatIsTooLargeIsListedButNotKept() throws Exception {
        String call = run("head -c 9000000 /dev/urandom > big; echo x > small");
        Changes changes = journal().changes(conversation, call).orElseThrow();
        assertThat(changes.files()).hasSize(2);
        assertThat(changes.note()).startsWith("The content of 1 file was not kept (limit 8 MiB a file");
        String gone = run("rm big");
        assertThat(journal().changes(conversation, gone).orElseThrow().files())
                .containsExactly(new Change("big", Kind.DELETED, 9_000_000, 0, false));
        assertThat(journal().revert(conversation, gone).orElseThrow().obstacles())
                .containsExactly("big: what it was before is not kept, or no more");
    }

    @Test
    void theJournalGoesOnAfterASwapOfTheRunner() throws Exception {
        String first = run("echo 1 > a");
        assertThat(changes(first)).containsExactly("ADDED a");
        bench.swap();
        bench.ready();
        assertThat(changes(first)).containsExactly("ADDED a");
        String second = run("echo 2 > a; echo 2 > b");
        assertThat(changes(second)).containsExactly("MODIFIED a", "ADDED b");
        assertThat(journal().revert(conversation, second).orElseThrow().obstacles())
                .isEmpty();
        assertThat(output("ls; cat a")).isEqualTo("a\n1\n");
    }

    @Test
    void nothingIsRevertedWhileACallRunsThatMayWrite() throws Exception {
        String call = run("echo 1 > a");
        RecordingObserver observer = new RecordingObserver();
        CallHandle writer = bench.start(conversation, bench.shell(), "echo there; sleep 600", observer);
        observer.await("there\n");
        assertThat(journal().revert(conversation, call).orElseThrow())
                .isEqualTo(new Revert(
                        null,
                        List.of(),
                        List.of("call " + writer.call()
                                + " is still running and may change files: stop it first, or wait")));
        writer.cancel();
        Bench.await(writer);
        assertThat(journal().revert(conversation, call).orElseThrow().obstacles())
                .isEmpty();
        assertThat(output("ls -A")).isEmpty();
    }

    @Test
    void aRevertThatCannotBeDoneWhollyIsNotDoneAtAll() throws Exception {
        run("echo old > b");
        String call = run("mkdir d; echo 1 > d/a; echo new > b; chmod 600 b; ln -s a d/link");
        // A name that is no text is not recorded: it shows only when the folder is to go.
        run("touch \"$(printf 'd/\\377')\"");
        assertThatThrownBy(() -> journal().revert(conversation, call))
                .isInstanceOf(RunnerException.class)
                .hasMessageContaining("not empty");
        assertThat(output("ls -A; ls d | wc -l; cat d/a b; stat -c %a b; readlink d/link"))
                .isEqualTo("b\nd\n3\n1\nnew\n600\na\n");
        assertThat(changes(run("rm -r d"))).containsExactly("DELETED d/", "DELETED d/a", "DELETED d/link");
    }

    @Test
    void whatCannotBeStagedLeavesNothingBehind() throws Exception {
        run("echo one > a; echo two > b");
        String call = run("rm a b");
        Path objects = bench.data.resolve("journal").resolve(conversation).resolve("objects");
        Path damaged = objects.resolve(JournalFiles.hash("two\n".getBytes(StandardCharsets.UTF_8)));
        Files.writeString(damaged, "other");
        assertThatThrownBy(() -> journal().revert(conversation, call))
                .isInstanceOf(RunnerException.class)
                .hasMessageContaining("damaged in the journal");
        assertThat(output("ls -A")).isEmpty();
        Files.writeString(damaged, "two\n");
        assertThat(journal().revert(conversation, call).orElseThrow().obstacles())
                .isEmpty();
        assertThat(output("ls -A; cat a b")).isEqualTo("a\nb\none\ntwo\n");
    }

    @Test
    void whatADyingContainerOfTheJournalLeftIsTakenBackByTheNextOne() throws Exception {
        String call = run("echo 1 > a");
        assertThat(changes(call)).containsExactly("ADDED a");
        bench.docker().removeContainerCmd(helpers().get(0)).withForce(true).exec();
        // As it is in the middle of a revert: the file was moved aside, and a folder made.
        run(
                "mkdir .rungpt-revert d; mv a .rungpt-revert/was-0; printf '{\"p\":\"a\",\"do\":\"back\",\"was\":\"was-0\"}\\n"
                        + "{\"p\":\"d\",\"do\":\"rmdir\"}\\n' > .rungpt-revert/undo");
        assertThat(journal().revert(conversation, call).orElseThrow().obstacles())
                .isEmpty();
        assertThat(output("ls -A")).isEmpty();
    }

    /** Writes that many MiB which nobody can compress, under names that only differ in their end. */
    private String write(String name, int mib) throws Exception {
        return run("for i in $(seq " + mib + "); do head -c 1048576 /dev/urandom > " + name + "$i; done");
    }

    @Test
    void theOldestGivesWayAndWhatIsNewCanStillBeTakenBack() throws Exception {
        bench.journal(16 * Bench.MIB);
        bench.swap();
        bench.ready();
        write("a", 6);
        String second = write("a", 6);
        String third = write("a", 6);
        String fourth = write("a", 6);

        Changes old = journal().changes(conversation, second).orElseThrow();
        assertThat(old.files()).hasSize(6).noneMatch(Change::revertible);
        assertThat(old.note())
                .isEqualTo(
                        "What 6 files were before is not kept, or no more: the oldest contents give way (limit 16 MiB a"
                                + " conversation, 16 MiB in all).");
        assertThat(journal().changes(conversation, third).orElseThrow().files()).hasSize(6);
        assertThat(journal().changes(conversation, fourth).orElseThrow())
                .returns(null, Changes::note)
                .satisfies(changes -> assertThat(changes.files()).allMatch(Change::revertible));
        assertThat(journal().revert(conversation, fourth).orElseThrow().obstacles())
                .isEmpty();
        assertThat(kept(conversation)).isLessThanOrEqualTo(16 * Bench.MIB);
    }

    @Test
    void allConversationsTogetherKeepNoMoreThanIsSet() throws Exception {
        bench.journal(16 * Bench.MIB);
        bench.swap();
        bench.ready();
        String other = "c-" + UUID.randomUUID();
        try {
            String old = write("a", 10);
            journal().changes(conversation, old);
            RecordingObserver observer = new RecordingObserver();
            CallHandle young = bench.start(
                    other,
                    bench.shell(),
                    "for i in $(seq 10); do head -c 1048576 /dev/urandom > $i; done; echo done",
                    observer);
            assertThat(Bench.await(young).exit()).isZero();
            journal().changes(other, young.call());
            assertThat(kept(conversation) + kept(other)).isEqualTo(20 * Bench.MIB);

            journal().settle();
            assertThat(kept(conversation) + kept(other)).isLessThanOrEqualTo(16 * Bench.MIB);
            assertThat(kept(other)).isEqualTo(10 * Bench.MIB);
            // The files lie in the workspace as before; what is deleted now cannot be brought back.
            assertThat(journal()
                            .changes(conversation, run("rm a*"))
                            .orElseThrow()
                            .note())
                    .startsWith("What 6 files were before is not kept, or no more");
        } finally {
            bench.runner().release(other);
        }
    }

    private static long kept(String conversation) throws Exception {
        return JournalFiles.sizes(bench.data).get(conversation);
    }

    @Test
    void whatNobodyUsesIsNotKeptInMemory() throws Exception {
        String first = run("echo 1 > a");
        assertThat(changes(first)).containsExactly("ADDED a");
        String helper = helpers().get(0);
        long deadline = System.nanoTime() + Bench.PATIENCE.toNanos();
        while (journal().tick(Duration.ZERO) > 0) {
            assertThat(System.nanoTime()).as("it is still in memory").isLessThan(deadline);
        }
        bench.awaitEvent(helper, "destroy");
        assertThat(changes(first)).containsExactly("ADDED a");
        String second = run("echo 2 > a");
        assertThat(changes(second)).containsExactly("MODIFIED a");
        assertThat(journal().revert(conversation, second).orElseThrow().obstacles())
                .isEmpty();
        assertThat(output("cat a")).isEqualTo("1\n");
    }

    @Test
    void manySmallFilesAreRecordedInOneGo() throws Exception {
        String call = run("for d in $(seq 30); do mkdir $d; for i in $(seq 100); do echo $d/$i > $d/$i; done; done");
        assertThat(changes(call)).hasSize(3030);
        assertThat(journal().revert(conversation, call).orElseThrow().obstacles())
                .isEmpty();
        assertThat(output("ls -A")).isEmpty();
    }

    @Test
    void aCallThatChangesNothingCostsTheNextOneNextToNothing() throws Exception {
        run("seq 1000 > a");
        journal().changes(conversation, run("true"));
        long[] nanos = new long[30];
        for (int i = 0; i < nanos.length; i++) {
            long begun = System.nanoTime();
            run("true");
            nanos[i] = System.nanoTime() - begun;
        }
        Arrays.sort(nanos);
        assertThat(nanos[nanos.length / 2]).isLessThan(1_000_000_000L);
        System.out.println(
                "a call with the journal: " + nanos[nanos.length / 2] / 1000 + " us, median of " + nanos.length);
    }
}
