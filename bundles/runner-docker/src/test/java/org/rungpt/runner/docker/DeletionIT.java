package org.rungpt.runner.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.runner.CallHandle;
import org.rungpt.api.runner.CallObserver;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.testkit.RecordingObserver;

/** A conversation is deleted while calls of it are on their way: nothing of it comes into being again. */
@Tag("docker")
final class DeletionIT {
    private static final Duration CLEAN = Duration.ofSeconds(20);

    @TempDir
    static Path directory;

    private static Bench bench;

    private final String conversation = "c-" + UUID.randomUUID();

    @BeforeAll
    static void open() throws Exception {
        bench = new Bench(directory, 0).ready();
        String first = "c-first";
        Bench.await(bench.start(first, bench.shell(), "true", new RecordingObserver()));
        bench.runner().release(first);
        nothingIsLeft();
    }

    @AfterAll
    static void close() throws Exception {
        bench.close();
    }

    /** Tells when a call has come to a step. */
    private static CallObserver watcher(String step, CountDownLatch reached) {
        return new CallObserver() {
            @Override
            public void output(Stream stream, long offset, java.nio.ByteBuffer bytes) {
                // Nobody reads it.
            }

            @Override
            public void progress(String now) {
                if (now.startsWith(step)) {
                    reached.countDown();
                }
            }
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 60, 150, 300})
    void aSandboxThatIsBeingMadeGoesWithItsConversation(int millis) throws Exception {
        CountDownLatch making = new CountDownLatch(1);
        CallHandle call = bench.start(conversation, bench.shell(), "true", watcher("starting the sandbox", making));
        assertThat(making.await(Bench.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        TimeUnit.MILLISECONDS.sleep(millis); // each finds the engine at another point of the making
        bench.runner().release(conversation);
        Bench.settled(call);
        nothingIsLeft();
    }

    @Test
    void callsThatWaitForTheJournalOrASandboxDoNotRemakeTheWorkspace() throws Exception {
        for (int round = 0; round < 4; round++) {
            String its = conversation + round;
            Bench.await(bench.start(its, bench.shell(), "seq 2000 > file", new RecordingObserver()));
            List<CallHandle> calls = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                calls.add(bench.start(its, bench.shell(), "echo " + i + " >> file", new RecordingObserver()));
            }
            bench.runner().release(its);
            calls.forEach(Bench::settled);
        }
        nothingIsLeft();
    }

    @Test
    void callsThatComeInWhileItIsDeletedEndWithIt() throws Exception {
        Bench.await(bench.start(conversation, bench.shell(), "true", new RecordingObserver()));
        List<CallHandle> calls = new CopyOnWriteArrayList<>();
        CountDownLatch coming = new CountDownLatch(3);
        Thread caller = new Thread(() -> {
            for (int i = 0; i < 30; i++) {
                try {
                    calls.add(bench.start(conversation, bench.shell(), "echo > file", new RecordingObserver()));
                } catch (RunnerException e) {
                    // It was deleted just then.
                }
                coming.countDown();
            }
        });
        caller.start();
        assertThat(coming.await(Bench.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        bench.runner().release(conversation);
        caller.join();
        calls.forEach(Bench::settled);
        nothingIsLeft();
    }

    @Test
    void whatIsAskedOfADeletedConversationIsRefusedAndMakesNothing() throws Exception {
        Bench.await(bench.start(conversation, bench.shell(), "echo > file", new RecordingObserver()));
        bench.runner().release(conversation);
        CallHandle late = bench.start(conversation, bench.shell(), "true", new RecordingObserver());
        assertThatThrownBy(() -> Bench.end(late)).hasMessageContaining("the conversation was deleted");
        bench.runner().warm(conversation);
        assertThat(bench.runner().journals().changes(conversation, "call")).isEmpty();
        bench.runner().release(conversation);
        nothingIsLeft();
    }

    @Test
    void aDeletionThatTheServerDidNotSurviveIsFinishedByTheNext() throws Exception {
        Bench.await(bench.start(conversation, bench.shell(), "echo secret > file", new RecordingObserver()));
        String container = bench.containerOf(conversation);
        Path notes = bench.data.resolve("workspaces.json");
        JsonNode before = new ObjectMapper().readTree(notes.toFile());
        String volume = before.path("volumes").path(conversation).asText();
        assertThat(volume).isNotEmpty();
        bench.runner().close(false);
        // As the deletion leaves it before the engine has removed anything.
        ObjectNode after = before.deepCopy();
        ((ObjectNode) after.path("volumes")).remove(conversation);
        after.putObject("doomed").put(volume, conversation);
        Files.writeString(notes, after.toString());
        bench.pool(1);
        bench.swap().release("nobody");
        bench.awaitPool();
        assertThat(bench.containers()).doesNotContain(container);
        assertThat(bench.volumes()).doesNotContain(volume);
        bench.pool(0);
        bench.swap().release("nobody");
        bench.runner().tickNow();
        bench.runner().tidyNow();
        assertThat(Files.readString(notes)).doesNotContain(volume);
        nothingIsLeft();
    }

    @Test
    void theSandboxOfAnActionThatIsUninstalledGoesAfterItsLastCall() throws Exception {
        InstalledAction acme = bench.actions.action("acme/counter", false, TestActions.SHELL);
        bench.registry(List.of(bench.tools, acme));
        RecordingObserver observer = new RecordingObserver();
        CallHandle call = bench.start(
                conversation,
                TestActions.task(acme, "shell"),
                "echo begun; while [ ! -e /tmp/end ]; do sleep 0.05; done",
                observer);
        observer.await("begun\n");
        bench.runner().tidyNow();
        bench.runner().tidyNow();
        bench.registry(List.of(bench.tools));
        bench.runner().tidyNow();
        bench.runner().tidyNow();
        assertThat(bench.runner().sandboxes()).anyMatch(info -> acme.id().equals(info.action()));
        call.cancel();
        Bench.await(call);
        bench.runner().tidyNow();
        assertThat(bench.runner().sandboxes()).noneMatch(info -> acme.id().equals(info.action()));
        bench.runner().release(conversation);
        nothingIsLeft();
    }

    private static void nothingIsLeft() throws Exception {
        long end = System.nanoTime() + CLEAN.toNanos();
        while (!left().isEmpty() && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        assertThat(left()).as("what is left of deleted conversations").isEmpty();
    }

    private static TreeSet<String> left() throws Exception {
        TreeSet<String> left = new TreeSet<>(bench.containers());
        left.addAll(bench.volumes());
        left.addAll(notes());
        return left;
    }

    /** What the runner itself keeps of conversations. */
    private static List<String> notes() throws IOException {
        List<String> notes = new ArrayList<>();
        String workspaces = Files.readString(bench.data.resolve("workspaces.json"));
        if (workspaces.contains("c-")) {
            notes.add(workspaces);
        }
        Path journal = bench.data.resolve("journal");
        if (Files.exists(journal)) {
            try (var kept = Files.list(journal)) {
                kept.forEach(path -> notes.add(path.toString()));
            }
        }
        return notes;
    }
}
