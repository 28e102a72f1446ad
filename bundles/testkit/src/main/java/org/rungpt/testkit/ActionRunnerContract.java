package org.rungpt.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallObserver.Stream;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.CallOutcome.Reason;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.runner.RunnerException;

/** What every {@link ActionRunner} keeps. Runs real programs. */
public abstract class ActionRunnerContract {
    private static final long MIB = 1 << 20;

    private final String conversation = "c-" + UUID.randomUUID();
    private final String other = "c-" + UUID.randomUUID();

    /** A runner that is ready; the same one throughout a test. */
    protected abstract ActionRunner runner();

    /** A built-in task whose argument {@code command} is run by a POSIX shell in the workspace. */
    protected abstract InstalledTask shell();

    /** How long a test waits for what has to happen. */
    protected Duration patience() {
        return Duration.ofSeconds(60);
    }

    @AfterEach
    final void releaseConversations() throws RunnerException {
        runner().release(conversation);
        runner().release(other);
    }

    @Test
    void isReady() {
        assertThat(runner().readiness().ready()).isTrue();
        assertThat(runner().readiness().reason()).isNotBlank();
    }

    @Test
    void givesOutputAndExitCode() throws Exception {
        RecordingObserver observer = new RecordingObserver(patience());
        CallOutcome outcome = run("printf out; printf err >&2; exit 3", observer);

        assertThat(outcome.reason()).isEqualTo(Reason.EXITED);
        assertThat(outcome.exit()).isEqualTo(3);
        assertThat(outcome.message()).isNull();
        assertThat(observer.text(Stream.STDOUT)).isEqualTo("out");
        assertThat(observer.text(Stream.STDERR)).isEqualTo("err");
        assertThat(outcome.stdout()).isEqualTo(3);
        assertThat(outcome.stderr()).isEqualTo(3);
        assertThat(outcome.sandbox()).isNotBlank();
    }

    @Test
    void givesEveryByteInOrder() throws Exception {
        RecordingObserver observer = new RecordingObserver(patience());
        CallOutcome outcome = run("seq 1 200000; printf '\\377\\000\\303'", observer);

        StringBuilder expected = new StringBuilder();
        for (int i = 1; i <= 200_000; i++) {
            expected.append(i).append('\n');
        }
        byte[] numbers = expected.toString().getBytes(StandardCharsets.US_ASCII);
        byte[] all = observer.bytes(Stream.STDOUT);
        assertThat(outcome.stdout()).isEqualTo(all.length).isEqualTo(numbers.length + 3L);
        assertThat(java.util.Arrays.copyOf(all, numbers.length)).isEqualTo(numbers);
        assertThat(java.util.Arrays.copyOfRange(all, numbers.length, all.length))
                .isEqualTo(new byte[] {(byte) 0xff, 0, (byte) 0xc3});
    }

    @Test
    void givesOutputBeforeTheEnd() throws Exception {
        RecordingObserver observer = new RecordingObserver(patience());
        CallHandle call =
                start(conversation, "echo first; while [ ! -e go ]; do sleep 0.05; done; echo last", observer);

        observer.await("first\n");
        assertThat(call.outcome().toCompletableFuture()).isNotDone();
        run("touch go", new RecordingObserver(patience()));
        assertThat(await(call).exit()).isZero();
        assertThat(observer.text(Stream.STDOUT)).isEqualTo("first\nlast\n");
    }

    @Test
    void keepsFilesInTheConversationAndFromOthers() throws Exception {
        assertThat(run("echo mine > kept", new RecordingObserver(patience())).exit())
                .isZero();

        RecordingObserver mine = new RecordingObserver(patience());
        assertThat(run("cat kept", mine).exit()).isZero();
        assertThat(mine.text(Stream.STDOUT)).isEqualTo("mine\n");
        assertThat(await(start(other, "cat kept", new RecordingObserver(patience())))
                        .exit())
                .isNotZero();
    }

    @Test
    void givesTheCallItsEnvironment() throws Exception {
        RecordingObserver observer = new RecordingObserver(patience());
        CallSpec plain = spec(conversation, "printf \"$FOR_THE_CALL\"");
        CallSpec spec = new CallSpec(
                plain.call(),
                conversation,
                plain.task(),
                plain.arguments(),
                Grants.NONE,
                Map.of("FOR_THE_CALL", "a b\n\"c\""),
                plain.limits());
        assertThat(await(runner().start(spec, observer)).exit()).isZero();
        assertThat(observer.text(Stream.STDOUT)).isEqualTo("a b\n\"c\"");
    }

    @Test
    void stopsACallThatIsCancelled() throws Exception {
        RecordingObserver observer = new RecordingObserver(patience());
        CallHandle call = start(conversation, "echo there; sleep 600", observer);
        observer.await("there\n");

        call.cancel();
        CallOutcome outcome = await(call);
        call.cancel();
        assertThat(outcome.reason()).isEqualTo(Reason.CANCELLED);
        assertThat(observer.text(Stream.STDOUT)).isEqualTo("there\n");
    }

    @Test
    void stopsACallThatIgnoresTheRequestToEnd() throws Exception {
        RecordingObserver observer = new RecordingObserver(patience());
        CallHandle call = start(conversation, "trap '' TERM; echo there; while :; do sleep 1; done", observer);
        observer.await("there\n");

        long before = System.nanoTime();
        call.cancel();
        assertThat(await(call).reason()).isEqualTo(Reason.CANCELLED);
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(30));
    }

    @Test
    void endsWhatTakesTooLong() throws Exception {
        CallOutcome outcome = await(runner().start(
                        limited("while :; do echo tick; sleep 0.1; done", 1, 60, MIB),
                        new RecordingObserver(patience())));
        assertThat(outcome.reason()).isEqualTo(Reason.TIMEOUT);
        assertThat(outcome.message()).contains("1 s");
    }

    @Test
    void endsWhatIsSilentForTooLong() throws Exception {
        CallOutcome outcome =
                await(runner().start(limited("sleep 600", 60, 1, MIB), new RecordingObserver(patience())));
        assertThat(outcome.reason()).isEqualTo(Reason.TIMEOUT);
        assertThat(outcome.message()).contains("without any output").contains("1 s");
    }

    @Test
    void endsWhatSaysTooMuch() throws Exception {
        RecordingObserver observer = new RecordingObserver(patience());
        CallOutcome outcome = await(runner().start(limited("yes", 60, 60, 2 * MIB), observer));
        assertThat(outcome.reason()).isEqualTo(Reason.OUTPUT_LIMIT);
        assertThat(outcome.message()).contains("2 MiB");
        assertThat(outcome.stdout()).isEqualTo(2 * MIB).isEqualTo(observer.bytes(Stream.STDOUT).length);
    }

    @Test
    void aSlowObserverHoldsUpOnlyItsOwnCall() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        RecordingObserver slow = new RecordingObserver(patience(), go);
        CallHandle held = start(conversation, "seq 1 300000", slow);

        RecordingObserver quick = new RecordingObserver(patience());
        assertThat(run("echo quick", quick).exit()).isZero();
        assertThat(quick.text(Stream.STDOUT)).isEqualTo("quick\n");
        assertThat(held.outcome().toCompletableFuture()).isNotDone();
        go.countDown();
        assertThat(await(held).stdout()).isEqualTo(slow.bytes(Stream.STDOUT).length);
    }

    @Test
    void survivesAnObserverThatFails() throws Exception {
        CallHandle call = start(conversation, "echo one; echo two", new CallObserver() {
            @Override
            public void output(Stream stream, long offset, ByteBuffer bytes) {
                throw new IllegalStateException("an observer that fails on purpose");
            }
        });
        assertThat(await(call).exit()).isZero();
    }

    @Test
    void runsACallOnceOnly() throws Exception {
        CallSpec spec = spec(conversation, "echo x >> times; wc -l < times");
        await(runner().start(spec, new RecordingObserver(patience())));
        CallHandle again = runner().start(spec, new RecordingObserver(patience()));
        try {
            await(again);
        } catch (CompletionException e) {
            assertThat(e).hasCauseInstanceOf(RunnerException.class);
        }
        RecordingObserver times = new RecordingObserver(patience());
        run("wc -l < times", times);
        // A runner that has forgotten an ended call may run it; two at a time it never runs.
        CallSpec long1 = spec(conversation, "echo there; while [ ! -e end ]; do sleep 0.05; done");
        RecordingObserver first = new RecordingObserver(patience());
        CallHandle running = runner().start(long1, first);
        first.await("there\n");
        CallHandle second = runner().start(long1, new RecordingObserver(patience()));
        assertThatThrownBy(() -> await(second)).hasCauseInstanceOf(RunnerException.class);
        run("touch end", new RecordingObserver(patience()));
        assertThat(await(running).exit()).isZero();
    }

    @Test
    void handsACallOverToWhoeverResumesIt() throws Exception {
        RecordingObserver first = new RecordingObserver(patience());
        CallSpec spec = spec(
                conversation,
                "seq 1 100000; while [ ! -e go ]; do sleep 0.05; done; seq 100001 200000; echo problem >&2; exit 7");
        CallHandle watched = runner().start(spec, first);
        first.await("\n100000\n");
        String before = first.text(Stream.STDOUT);

        long seen = before.indexOf("\n50000\n") + 1L;
        RecordingObserver second = new RecordingObserver(patience(), seen, 0);
        CallHandle resumed =
                runner().resume(conversation, spec.call(), seen, 0, second).orElseThrow();
        assertThatThrownBy(() -> await(watched)).cause().isInstanceOfSatisfying(RunnerException.class, e -> assertThat(
                        e.kind())
                .isEqualTo(RunnerException.Kind.DETACHED));
        run("touch go", new RecordingObserver(patience()));
        CallOutcome outcome = await(resumed);

        StringBuilder expected = new StringBuilder();
        for (int i = 50_000; i <= 200_000; i++) {
            expected.append(i).append('\n');
        }
        assertThat(outcome.reason()).isEqualTo(Reason.EXITED);
        assertThat(outcome.exit()).isEqualTo(7);
        assertThat(second.text(Stream.STDOUT)).isEqualTo(expected.toString());
        assertThat(second.text(Stream.STDERR)).isEqualTo("problem\n");
        assertThat(first.text(Stream.STDOUT)).isEqualTo(before);
        resumed.forget();
    }

    @Test
    void losesNothingWhenItIsHandedOverWhileOutputFlows() throws Exception {
        RecordingObserver observer = new RecordingObserver(patience());
        CallSpec spec = spec(conversation, "while [ ! -e go ]; do seq 1 2000; sleep 0.005; done");
        CallHandle call = runner().start(spec, observer);
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            observer.await("\n2000\n1\n");
            all.append(observer.text(Stream.STDOUT));
            observer = new RecordingObserver(patience(), all.length(), 0);
            call = runner().resume(conversation, spec.call(), all.length(), 0, observer)
                    .orElseThrow();
        }
        run("touch go", new RecordingObserver(patience()));
        assertThat(await(call).exit()).isZero();
        call.forget();
        all.append(observer.text(Stream.STDOUT));

        StringBuilder block = new StringBuilder();
        for (int i = 1; i <= 2000; i++) {
            block.append(i).append('\n');
        }
        int blocks = all.length() / block.length();
        assertThat(all.toString().equals(block.toString().repeat(blocks))).isTrue();
    }

    @Test
    void tellsTheEndAgainUntilItIsForgotten() throws Exception {
        CallSpec spec = spec(conversation, "echo there; exit 5");
        CallHandle first = runner().start(spec, new RecordingObserver(patience()));
        assertThat(await(first).exit()).isEqualTo(5);

        RecordingObserver again = new RecordingObserver(patience());
        CallHandle second =
                runner().resume(conversation, spec.call(), 0, 0, again).orElseThrow();
        assertThat(await(second).exit()).isEqualTo(5);
        assertThat(again.text(Stream.STDOUT)).isEqualTo("there\n");
        second.forget();
        second.forget();
        assertThat(runner().resume(conversation, spec.call(), 0, 0, new RecordingObserver(patience())))
                .isEqualTo(Optional.empty());
    }

    @Test
    void knowsNothingOfCallsThatNeverWere() throws Exception {
        assertThat(run("true", new RecordingObserver(patience())).exit()).isZero();
        assertThat(runner().resume(conversation, id(), 0, 0, new RecordingObserver(patience())))
                .isEqualTo(Optional.empty());
        assertThat(runner().resume(other, id(), 0, 0, new RecordingObserver(patience())))
                .isEqualTo(Optional.empty());
    }

    @Test
    void releaseDeletesSandboxAndWorkspace() throws Exception {
        run("echo secret > kept", new RecordingObserver(patience()));
        assertThat(runner().sandboxes()).anyMatch(info -> conversation.equals(info.conversation()));

        runner().release(conversation);
        assertThat(runner().sandboxes()).noneMatch(info -> conversation.equals(info.conversation()));
        CallHandle late = start(conversation, "cat kept", new RecordingObserver(patience()));
        assertThatThrownBy(() -> await(late))
                .hasRootCauseInstanceOf(RunnerException.class)
                .hasMessageContaining("deleted");
        runner().warm(conversation);
        runner().release(conversation);
        assertThat(runner().sandboxes()).noneMatch(info -> conversation.equals(info.conversation()));
        runner().release(other);
    }

    // Tools

    protected final CallOutcome run(String command, CallObserver observer) throws Exception {
        CallHandle call = start(conversation, command, observer);
        CallOutcome outcome = await(call);
        call.forget();
        return outcome;
    }

    private CallHandle start(String in, String command, CallObserver observer) throws RunnerException {
        return runner().start(spec(in, command), observer);
    }

    private CallSpec spec(String in, String command) {
        CallSpec.Limits limits = new CallSpec.Limits(Duration.ofSeconds(60), Duration.ofSeconds(60), 64 * MIB);
        return new CallSpec(id(), in, shell(), arguments(command), Grants.NONE, Map.of(), limits);
    }

    private CallSpec limited(String command, int total, int idle, long output) {
        CallSpec.Limits limits = new CallSpec.Limits(Duration.ofSeconds(total), Duration.ofSeconds(idle), output);
        return new CallSpec(id(), conversation, shell(), arguments(command), Grants.NONE, Map.of(), limits);
    }

    private static String id() {
        return "call-" + UUID.randomUUID();
    }

    private static String arguments(String command) {
        String escaped = command.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
        return "{\"command\": \"" + escaped + "\"}";
    }

    private CallOutcome await(CallHandle call) throws Exception {
        return call.outcome()
                .toCompletableFuture()
                .orTimeout(patience().toMillis(), TimeUnit.MILLISECONDS)
                .join();
    }
}
