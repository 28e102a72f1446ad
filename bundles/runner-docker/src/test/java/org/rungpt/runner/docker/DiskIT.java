package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.testkit.RecordingObserver;

/** Programs that write without end. */
@Tag("docker")
final class DiskIT {
    private static final long LIMIT = 64 * Bench.MIB;

    @TempDir
    static Path directory;

    private static Bench bench;

    private final String conversation = "c-" + UUID.randomUUID();

    @BeforeAll
    static void open() throws Exception {
        bench = new Bench(directory, 0);
        bench.disk(LIMIT);
        bench.swap();
        bench.ready();
    }

    @AfterAll
    static void close() throws Exception {
        bench.close();
    }

    private CallOutcome run(String command, RecordingObserver observer) throws Exception {
        return Bench.await(bench.start(conversation, bench.shell(), command, observer));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/tmp", "/workspace"})
    @DisplayName("A.4 who fills the disk with many files is ended at the limit, which is named, and may clean up")
    void manyFiles(String place) throws Exception {
        // About 20 MiB a second: a disk does not fill faster than it is looked at.
        String fill = "i=0; while :; do head -c 1048576 /dev/zero > " + place + "/f$i; i=$((i+1)); sleep 0.05; done";
        long before = System.nanoTime();
        CallOutcome outcome = run(fill, new RecordingObserver());
        assertThat(outcome.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
        assertThat(outcome.message()).startsWith("disk limit: more than 64 MiB written to the sandbox");
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(40));
        RecordingObserver observer = new RecordingObserver();
        CallOutcome cleaned = run("du -sm " + place + " | cut -f1; rm -f " + place + "/f*; echo clean", observer);
        assertThat(cleaned.exit()).isZero();
        String[] said = observer.text(Stream.STDOUT).split("\n");
        assertThat(said[1]).isEqualTo("clean");
        assertThat(Integer.parseInt(said[0])).isLessThan(3 * 64);
        bench.runner().release(conversation);
    }

    @Test
    @DisplayName("A.4 one file cannot grow beyond the limit, which is named")
    void oneFile() throws Exception {
        for (String place : new String[] {"/tmp/f", "/workspace/f"}) {
            CallOutcome outcome = run("exec dd if=/dev/zero of=" + place + " bs=1M", new RecordingObserver());
            assertThat(outcome.reason()).isEqualTo(Reason.RESOURCE_LIMIT);
            assertThat(outcome.message()).isEqualTo("disk limit: a file grew beyond 64 MiB");
            assertThat(run("rm " + place, new RecordingObserver()).exit()).isZero();
        }
        bench.runner().release(conversation);
    }

    @Test
    @DisplayName("A.4 a third party's places are in memory and end at their size")
    void thirdParty() throws Exception {
        InstalledAction acme = bench.actions.action(
                "acme/fills",
                false,
                TestActions.SHELL,
                "version",
                UUID.randomUUID().toString());
        RecordingObserver observer = new RecordingObserver();
        Bench.await(bench.start(
                conversation,
                TestActions.task(acme, "shell"),
                "for p in /tmp /rungpt/out /workspace; do (i=0; while head -c 1048576 /dev/zero > $p/f$i; do i=$((i+1));"
                        + " done) 2>&1 | grep -o 'No space left' | head -n 1; rm -f $p/f*; done",
                observer));
        assertThat(observer.text(Stream.STDOUT)).isEqualTo("No space left\n".repeat(3));
        bench.runner().release(conversation);
    }
}
