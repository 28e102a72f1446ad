package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
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
import org.rungpt.api.runner.WorkspaceJournal;
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

    private static WorkspaceJournal journal() throws Exception {
        return bench.runner().journals();
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
                .containsExactly("big: what it was before was not kept");
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
