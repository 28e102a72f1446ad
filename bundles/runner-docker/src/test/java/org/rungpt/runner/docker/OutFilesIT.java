package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallOutcome;

/** What a call leaves in its out directory reaches the observer before the call's end, over the protocol alone. */
@Tag("docker")
final class OutFilesIT {
    @TempDir
    static Path directory;

    private static Bench bench;

    private final String conversation = "c-" + UUID.randomUUID();
    private final Receiver receiver = new Receiver();

    /** Takes files; refuses what is called so. */
    private static final class Receiver implements CallObserver {
        private final Map<String, byte[]> files = new TreeMap<>();
        private final List<String> order = new ArrayList<>();

        @Override
        public synchronized void output(Stream stream, long offset, ByteBuffer bytes) {
            order.add("output");
        }

        @Override
        public synchronized void artifact(String name, long size, InputStream bytes) throws IOException {
            if (name.equals("refused")) {
                throw new IOException("the disk is full");
            }
            order.add("file " + name);
            files.put(name, bytes.readAllBytes());
        }
    }

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
    }

    private CallOutcome run(String command) throws Exception {
        return Bench.await(bench.start(conversation, bench.shell(), command, receiver));
    }

    @Test
    void filesArriveByteForByteAfterTheOutputAndBeforeTheEnd() throws Exception {
        CallOutcome outcome = run(
                "echo hi; mkdir $RUNGPT_OUT/d; head -c 2000000 /dev/urandom > $RUNGPT_OUT/d/big; sha256sum < $RUNGPT_OUT/d/big > $RUNGPT_OUT/sum");
        assertThat(outcome.message()).isNull();
        assertThat(receiver.order).containsExactly("output", "file d/big", "file sum");
        String sum = new String(receiver.files.get("sum"), StandardCharsets.UTF_8).substring(0, 64);
        byte[] hash = java.security.MessageDigest.getInstance("SHA-256").digest(receiver.files.get("d/big"));
        assertThat(java.util.HexFormat.of().formatHex(hash)).isEqualTo(sum);
        assertThat(run("ls /rungpt/out | wc -l; ls -d $RUNGPT_OUT").exit()).isZero();
    }

    @Test
    void anActionOnAReadOnlyFileSystemLeavesFilesToo() throws Exception {
        InstalledAction acme = bench.actions.action(
                "acme/draw", false, TestActions.SHELL, "x", UUID.randomUUID().toString());
        CallOutcome outcome = Bench.await(
                bench.start(conversation, TestActions.task(acme, "shell"), "echo x > $RUNGPT_OUT/a.txt", receiver));
        assertThat(outcome.message()).isNull();
        assertThat(receiver.files).containsOnlyKeys("a.txt");
    }

    @Test
    void linksAndPipesAreNotFollowed() throws Exception {
        CallOutcome outcome = run("cd $RUNGPT_OUT; ln -s /etc/shadow a; mkfifo b; echo x > c");
        assertThat(receiver.files).containsOnlyKeys("c");
        assertThat(outcome.message()).isEqualTo("Links, pipes and the like in its out directory were passed over.");
    }

    @Test
    void tooManyAndTooLargeFilesAreNamedInTheResult() throws Exception {
        CallOutcome outcome = run("cd $RUNGPT_OUT; truncate -s 65M 0; for i in $(seq 10 79); do echo $i > $i; done");
        assertThat(receiver.files).hasSize(63);
        assertThat(outcome.exit()).isZero();
        assertThat(outcome.message())
                .isEqualTo("8 files in its out directory were left out (limit 64 files, 64 MiB each, 128 MiB in all).");
    }

    @Test
    void aFileThatCannotBeKeptIsNamedAndTheOthersAreKept() throws Exception {
        CallOutcome outcome = run("cd $RUNGPT_OUT; echo x > refused; echo x > z");
        assertThat(receiver.files).containsOnlyKeys("z");
        assertThat(outcome.message()).isEqualTo("refused was not kept: the disk is full.");
    }
}
