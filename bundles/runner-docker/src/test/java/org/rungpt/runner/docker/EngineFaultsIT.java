package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rungpt.api.action.InstalledTask;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.CallOutcome;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** An engine that fails while calls run: what became of them meanwhile is found out when it is well again. */
@Tag("docker")
final class EngineFaultsIT {
    /** For an answer of control: more than an engine in order needs on a busy machine. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Until it is found again. */
    private static final Duration AGAIN = Duration.ofSeconds(10);

    private static final String WAITS =
            "echo $$ > pid; echo begun; while [ ! -e go ]; do sleep 0.02; done; seq 1 1000; echo end; exit ";

    @TempDir
    Path directory;

    private FaultyEngine engine;
    private Bench bench;
    private final String conversation = "c-" + UUID.randomUUID();
    private final RecordingObserver observer = new RecordingObserver();

    @BeforeEach
    void open() throws Exception {
        engine = new FaultyEngine(directory.resolve("docker.sock"));
        engine.open();
        bench = new Bench(directory, 0, engine.host(), PATIENCE).ready();
    }

    @AfterEach
    void close() throws Exception {
        engine.recover();
        bench.close();
        engine.close();
    }

    /** A call that ends with this exit code once it may. */
    private CallHandle begin(int exit) throws Exception {
        CallHandle call = bench.start(conversation, bench.shell(), WAITS + exit, observer);
        observer.await("begun\n");
        return call;
    }

    /** Lets it end, past the faulty way to the engine, and waits until its program is no more. */
    private void endBehindItsBack() throws Exception {
        bench.exec(
                bench.containerOf(conversation), "touch go; while kill -0 $(cat pid) 2>/dev/null; do sleep 0.02; done");
    }

    private void endsAsItDid(CallHandle call, int exit) {
        CallOutcome outcome = Bench.await(call);
        assertThat(outcome.exit()).as(outcome.toString()).isEqualTo(exit);
        assertThat(outcome.reason()).isEqualTo(CallOutcome.Reason.EXITED);
        assertThat(observer.text(CallObserver.Stream.STDOUT))
                .startsWith("begun\n1\n2\n")
                .endsWith("999\n1000\nend\n")
                .hasLineCount(1002);
    }

    private void worksAndLeavesNothing() throws Exception {
        assertThat(bench.runner().awaitEngine(AGAIN)).isTrue();
        String next = "c-" + UUID.randomUUID();
        assertThat(Bench.await(bench.start(next, bench.shell(), "exit 3", new RecordingObserver()))
                        .exit())
                .isEqualTo(3);
        bench.runner().release(next);
        bench.runner().release(conversation);
        bench.runner().tidyNow();
        assertThat(bench.containers()).isEmpty();
        assertThat(bench.volumes()).isEmpty();
    }

    @Test
    @DisplayName("I.101 what ended while the engine was away has the exit code and the output that it had")
    void endedMeanwhile() throws Exception {
        CallHandle call = begin(7);
        engine.close();
        endBehindItsBack();
        assertThat(call.outcome().toCompletableFuture()).isNotDone();
        engine.open();
        endsAsItDid(call, 7);
        worksAndLeavesNothing();
    }

    @Test
    @DisplayName("I.101 a connection that is cut before the answer to a create leaves nothing that was created")
    void cutAmidCreate() throws Exception {
        CountDownLatch cut = engine.once("/containers/create", (request, exchange) -> {
            new Thread(() -> closeSoon(exchange)).start();
            return true;
        });
        CallHandle call = bench.start(conversation, bench.shell(), "true", observer);
        assertThat(cut.await(Bench.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(failure(call).kind()).isEqualTo(RunnerException.Kind.UNAVAILABLE);
        worksAndLeavesNothing();
    }

    @Test
    @DisplayName("I.101 an engine that hangs amid work holds no thread for more than 30 s, and then tells the true end")
    void hangs() throws Exception {
        CallHandle call = begin(9);
        try (Waiting waiting = new Waiting()) {
            engine.hang();
            CallHandle other = bench.start("c-other", bench.shell(), "true", new RecordingObserver());
            endBehindItsBack();
            assertThat(failure(other).kind()).isEqualTo(RunnerException.Kind.UNAVAILABLE);
            waiting.watch(Duration.ofSeconds(40));
            assertThat(bench.runner().readiness().reason()).contains("keeps silent");
            assertThat(call.outcome().toCompletableFuture()).isNotDone();
            assertThat(waiting.longest()).as(waiting.where()).isLessThan(Duration.ofSeconds(30));
        }
        engine.goOn();
        assertThat(bench.runner().awaitEngine(AGAIN)).isTrue();
        endsAsItDid(call, 9);
        bench.runner().release("c-other");
        worksAndLeavesNothing();
    }

    static Stream<Arguments> nonsense() {
        return Stream.of(
                Arguments.of("errors", FakeEngine.http(500, "{\"message\":\"on\\nfire\"}")),
                Arguments.of("no JSON", FakeEngine.http(200, "<html>\u001b[2J</html>")),
                Arguments.of("other JSON", FakeEngine.http(200, "[[[{\"State\":[]}]]]")),
                Arguments.of("no HTTP", "\u0000\u001b[31mnot http\r\n\r\n"),
                Arguments.of("half an answer", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Id\":"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("nonsense")
    @DisplayName(
            "I.101 an engine that answers nonsense amid work: what comes meanwhile is told in one line, what runs has its true end")
    void answersNonsense(String what, String answer) throws Exception {
        CallHandle call = begin(5);
        // Also to those who come back to what runs.
        engine.always("HTTP/1.1\r\n", FaultyEngine.says(answer));
        engine.cut();
        CallHandle other = bench.start("c-other", bench.shell(), "true", new RecordingObserver());
        assertThat(failure(other).getMessage()).hasLineCount(1).doesNotContainPattern("\\p{Cntrl}");
        endBehindItsBack();
        assertThatThrownBy(() -> bench.runner().start(bench.spec("c-third", "true"), new RecordingObserver()))
                .isInstanceOf(RunnerException.class)
                .message()
                .startsWith("Docker")
                .hasLineCount(1)
                .doesNotContainPattern("\\p{Cntrl}");
        assertThat(call.outcome().toCompletableFuture()).isNotDone();
        engine.recover();
        endsAsItDid(call, 5);
        bench.runner().release("c-other");
        worksAndLeavesNothing();
    }

    @Test
    @DisplayName(
            "I.101 a container that the engine does not remove keeps nobody from working, and goes when the engine can")
    void doesNotRemove() throws Exception {
        Bench.await(bench.start(conversation, bench.shell(), "true", observer));
        String left = bench.containerOf(conversation);
        bench.runner().close();
        bench.docker().killContainerCmd(left).exec();
        bench.awaitEvent(left, "die");
        engine.always(
                "DELETE /containers/" + left, FaultyEngine.says(FakeEngine.http(500, "{\"message\":\"device busy\"}")));
        bench.swap();
        bench.ready();
        assertThat(Bench.await(bench.start(conversation, bench.shell(), "exit 3", new RecordingObserver()))
                        .exit())
                .isEqualTo(3);
        assertThat(bench.containers()).contains(left);
        engine.recover();
        worksAndLeavesNothing();
    }

    @Test
    @DisplayName(
            "I.97 I.101 a call that is asked for before the sandboxes have answered is taken up from the one that has it")
    void askedForBeforeTheLinks() throws Exception {
        InstalledTask acme = TestActions.task(bench.actions.action("acme/early", false, TestActions.SHELL), "shell");
        String id = Bench.newCall();
        RecordingObserver before = new RecordingObserver();
        bench.start(id, conversation, acme, WAITS + 6, before, Bench.limits(Bench.MIB));
        before.await("begun\n");
        String has = bench.containerOf(conversation);
        // Younger, so that it is asked first.
        Bench.await(bench.start(conversation, bench.shell(), "true", new RecordingObserver()));
        CountDownLatch mayAttach = new CountDownLatch(1);
        engine.always("/attach", (request, exchange) -> {
            mayAttach.await();
            return true;
        });
        bench.swap();
        bench.ready();
        CompletableFuture<CallHandle> resumed = CompletableFuture.supplyAsync(() -> {
            try {
                return bench.runner().resume(conversation, id, 0, 0, observer).orElseThrow();
            } catch (RunnerException e) {
                throw new CompletionException(e);
            }
        });
        while (bench.runner().sandboxes().stream().allMatch(sandbox -> sandbox.runningCalls() == 0)) {
            assertThat(resumed).isNotDone();
            Thread.onSpinWait();
        }
        mayAttach.countDown();
        CallHandle call = resumed.get(60, TimeUnit.SECONDS);
        engine.recover();
        bench.exec(has, "touch go");
        endsAsItDid(call, 6);
        worksAndLeavesNothing();
    }

    private static void closeSoon(FaultyEngine.Exchange exchange) {
        try {
            exchange.close();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static RunnerException failure(CallHandle call) {
        try {
            throw new AssertionError("it ended with " + Bench.end(call));
        } catch (CompletionException e) {
            return (RunnerException) e.getCause();
        }
    }

    @Test
    @DisplayName("A.4 an engine that does not tell what containers wrote to their own file systems hides nothing else")
    void sizesUntold() throws Exception {
        bench.disk(16 * Bench.MIB);
        bench.swap();
        bench.ready();
        CountDownLatch untold = new CountDownLatch(5);
        engine.always(
                "%22id%22",
                (request, exchange) -> {
                    untold.countDown();
                    return untold.getCount() > 0 || FaultyEngine.MUTE.at(request, exchange);
                });
        CallHandle call = bench.start(
                conversation,
                bench.shell(),
                "until [ -e go ]; do sleep 0.05; done; i=0; while :; do head -c 1048576 /dev/zero > f$i; i=$((i+1));"
                        + " sleep 0.05; done",
                observer);
        assertThat(untold.await(Bench.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        bench.exec(bench.containerOf(conversation), "touch go");
        CallOutcome outcome = Bench.await(call);
        assertThat(outcome.reason()).isEqualTo(CallOutcome.Reason.RESOURCE_LIMIT);
        assertThat(outcome.message()).startsWith("disk limit: more than 16 MiB written to the sandbox");
    }
}
