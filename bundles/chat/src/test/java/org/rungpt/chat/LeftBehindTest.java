package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.Task;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.model.ContentPart;
import org.rungpt.api.model.Inputs;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.runner.WorkspaceJournal;

/** Files, events and long output of calls, through whole turns. */
final class LeftBehindTest {
    private final House house = new House();
    private final LeftFiles files = new LeftFiles();

    @BeforeEach
    void open() {
        house.services.artifacts.add(files, Map.of());
        house.services.hosts.add(new CallTasks(house.engine), Map.of());
        Task events = new Task(
                "run",
                "x",
                "{\"type\":\"object\"}",
                List.of(),
                Effects.READ,
                false,
                false,
                Duration.ofMinutes(1),
                Task.Output.EVENTS);
        house.registry.installed = List.of(
                House.action("fs", "1", true, House.task("read", Effects.READ), House.task("write", Effects.WRITE)),
                House.action("ev", "1", true, events),
                House.action("calls", "1", true, any("read"), any("list")));
    }

    private static Task any(String name) {
        return new Task(
                name,
                "x",
                "{\"type\":\"object\"}",
                List.of(),
                Effects.READ,
                true,
                false,
                Duration.ofMinutes(1),
                Task.Output.TEXT);
    }

    @AfterEach
    void close() {
        house.close();
    }

    /** The model makes these calls, one an answer, then repeats what it was told. */
    private String calls(String... calls) throws Exception {
        house.model.script((n, answer) -> {
            if (n <= calls.length) {
                answer.say("@call " + n + " " + calls[n - 1] + "\n").end();
            } else {
                answer.say("told: " + answer.asked()).end();
            }
        });
        String id = house.say("go");
        house.awaitTurns(id, 1);
        return id;
    }

    @Test
    void whatEventsSayIsTheResultAndNotTheirLines() throws Exception {
        house.sandboxes.behaviour = program -> program.print(
                        "{\"type\":\"progress\",\"text\":\"half\",\"done\":1,\"total\":2}\n")
                .print("{\"type\":\"log\",\"text\":\"noise\"}\n{\"type\":\"text\",\"text\":\"first\"}\n")
                .print("{\"type\":\"result\",\"value\":{\"n\":7}}")
                .exit(0);
        String id = calls("ev.run {}");
        assertThat(house.answer(id)).endsWith("told: RESULT 1 completed first\n{\"n\":7}");
        assertThat(house.listener.has(id, EventType.CALL_PROGRESS)).isTrue();
        assertThat(house.events(id, EventType.CALL_OUTPUT))
                .extracting(event -> Json.object(event.data()).path("stream").asText())
                .containsOnly("stdout", "log");
        assertThat(house.latest(id, EventType.CALL_FINISHED, "stdout")).isEqualTo("13");
    }

    @Test
    void aProgramThatSaysErrorHasFailedWhateverItsExitCode() throws Exception {
        house.sandboxes.behaviour = program -> program.print("{\"type\":\"error\",\"message\":\"no such city\"}\n")
                .exit(0);
        String id = calls("ev.run {}");
        assertThat(house.latest(id, EventType.CALL_FINISHED, "status")).isEqualTo("failed");
        assertThat(house.answer(id)).contains("RESULT 1 failed no such city");
    }

    @Test
    void eachErrorOfACallStandsOnALineOfItsOwn() throws Exception {
        house.sandboxes.behaviour = program -> program.print(
                        "{\"type\":\"error\",\"message\":\"no such city\"}\n{\"type\":\"error\",\"message\":\"no such country\"}\n")
                .exit(3);
        String id = calls("ev.run {}");
        assertThat(house.latest(id, EventType.CALL_FINISHED, "message")).isEqualTo("no such city\nno such country");
        assertThat(house.latest(id, EventType.CALL_OUTPUT, "text")).isEqualTo("no such city\nno such country\n");
        assertThat(house.answer(id)).contains("RESULT 1 failed no such city\nno such country");
    }

    @Test
    void eventsGoOnWhereTheyWereWhenTheRunnerIsSwapped() throws Exception {
        house.sandboxes.behaviour = program -> {};
        house.model.script((n, answer) -> {
            if (n == 1) {
                answer.say("@call 1 ev.run {}\n").end();
            } else {
                answer.say("told: " + answer.asked()).end();
            }
        });
        String id = house.say("go");
        Sandboxes.Program program = house.sandboxes.next();
        program.print("{\"type\":\"text\",\"text\":\"one \"}\n{\"type\":\"te");
        house.await(id, EventType.CALL_OUTPUT);
        Sandboxes.Runner successor = house.sandboxes.runner();
        house.services.runners.add(successor, Map.of());
        house.runner.detach();
        house.services.runners.remove(house.runner);
        program.print("xt\",\"text\":\"two\"}\n").exit(0);
        house.awaitTurns(id, 1);
        assertThat(house.answer(id)).endsWith("RESULT 1 completed one two");
    }

    @Test
    void aFileIsAnEventOfItsCallAndTheModelIsToldOfIt() throws Exception {
        house.sandboxes.behaviour = program -> {
            try {
                program.print("done").leave("a.txt", new byte[] {1, 2, 3}).exit(0);
            } catch (java.io.IOException e) {
                throw new AssertionError(e);
            }
        };
        String id = calls("fs.read {\"path\":\"a\"}");
        assertThat(house.types(id)).containsSubsequence(EventType.CALL_ARTIFACT, EventType.CALL_FINISHED);
        assertThat(house.latest(id, EventType.CALL_ARTIFACT, "name")).isEqualTo("a.txt");
        assertThat(house.latest(id, EventType.MESSAGE_RESULTS, "results")).isNotNull();
        assertThat(house.log(id).toString())
                .contains("Files that it left, which the user sees: a.txt (text/plain, 3 bytes).");
        house.chat.delete(id);
        assertThat(files.deleted).containsExactly(id);
    }

    @Test
    void picturesGoToModelsThatSeeAndToNoOthers() throws Exception {
        for (boolean sees : new boolean[] {true, false}) {
            house.model = new ScriptedModel(house.scripts);
            house.model.info = new ModelInfo("one", "One", null, sees);
            house.services.connections.all().forEach(house.services.connections::remove);
            house.services.connections.add(house.model, Map.of());
            house.sandboxes.behaviour = program -> {
                try {
                    program.print("done").leave("a.png", new byte[] {1, 2, 3}).exit(0);
                } catch (java.io.IOException e) {
                    throw new AssertionError(e);
                }
            };
            calls("fs.read {\"path\":\"a\"}");
            house.model.next();
            List<ModelMessage> messages = house.model.next().request.messages();
            List<ContentPart> parts = messages.get(messages.size() - 1).content();
            if (sees) {
                assertThat(parts).contains(new ContentPart.Image("image/png", "AQID"));
            } else {
                assertThat(parts).noneMatch(part -> part instanceof ContentPart.Image);
                assertThat(messages.get(messages.size() - 1).text())
                        .contains("[You do not see the picture a.png: it could not be sent");
            }
        }
    }

    @Test
    void aPdfGoesToAModelThatTakesFilesAndOthersAreToldThatTheyHaveItNot() throws Exception {
        for (Boolean takes : new Boolean[] {true, false, null}) {
            house.model.info = new ModelInfo("one", "One", null, new Inputs(null, takes, null), null);
            String id = house.conversation();
            String pdf = files.put(id, "upload", "a.pdf", new java.io.ByteArrayInputStream(new byte[] {1, 2, 3}))
                    .id();
            house.chat.post(id, null, "read it", List.of(pdf));
            List<ModelMessage> messages = house.model.next().request.messages();
            ModelMessage asked = messages.get(messages.size() - 1);
            assertThat(asked.text()).contains("[Attached PDF: a.pdf]");
            if (Boolean.TRUE.equals(takes)) {
                assertThat(asked.content()).contains(new ContentPart.File("a.pdf", "application/pdf", "AQID"));
            } else {
                assertThat(asked.content()).allMatch(ContentPart.Text.class::isInstance);
                assertThat(asked.text()).contains("[You do not see the file a.pdf: it could not be sent");
            }
        }
    }

    @Test
    void audioGoesToAModelThatHearsAndOthersAreToldThatTheyHaveItNot() throws Exception {
        for (Boolean takes : new Boolean[] {true, false, null}) {
            house.model.info = new ModelInfo("one", "One", null, new Inputs(true, true, takes), null);
            String id = house.conversation();
            List<String> recordings = new java.util.ArrayList<>();
            for (String name : List.of("a.wav", "b.mp3")) {
                recordings.add(files.put(id, "upload", name, new java.io.ByteArrayInputStream(new byte[] {1, 2, 3}))
                        .id());
            }
            house.chat.post(id, null, "listen", recordings);
            List<ModelMessage> messages = house.model.next().request.messages();
            ModelMessage asked = messages.get(messages.size() - 1);
            assertThat(asked.text()).contains("[Attached audio: a.wav]\n\n[Attached audio: b.mp3]");
            if (Boolean.TRUE.equals(takes)) {
                assertThat(asked.content())
                        .contains(
                                new ContentPart.Audio("audio/wav", "AQID"),
                                new ContentPart.Audio("audio/mpeg", "AQID"));
            } else {
                assertThat(asked.content()).allMatch(ContentPart.Text.class::isInstance);
                assertThat(asked.text())
                        .contains("[You do not hear the audio a.wav: it could not be sent: this model is not known to"
                                + " take audio.]");
            }
        }
    }

    @Test
    void thePicturesThatAModelIsNotShownAreNamed() throws Exception {
        house.model.info = new ModelInfo("one", "One", null, true);
        String id = house.conversation();
        List<String> artifacts = new java.util.ArrayList<>();
        for (int i = 1; i <= 8; i++) {
            artifacts.add(files.put(id, "upload", i + ".png", new java.io.ByteArrayInputStream(new byte[] {1}))
                    .id());
        }
        house.chat.post(id, null, "look", artifacts);
        List<ModelMessage> messages = house.model.next().request.messages();
        ModelMessage asked = messages.get(messages.size() - 1);
        assertThat(asked.content())
                .filteredOn(ContentPart.Image.class::isInstance)
                .hasSize(6);
        assertThat(asked.text())
                .contains("[You do not see the picture 7.png: it is not among the latest 6.]")
                .contains("[You do not see the picture 8.png: it is not among the latest 6.]");
        String large = files.put(id, "upload", "large.png", new java.io.ByteArrayInputStream(new byte[(5 << 20) + 1]))
                .id();
        assertThatThrownBy(() -> house.chat.post(id, null, "look", List.of(large)))
                .hasMessageContaining("large.png is larger than 5 MiB");
    }

    /** Knows one call, whose only file may stand in the way. */
    private static final class OneCall implements WorkspaceJournal {
        private final CountDownLatch begun = new CountDownLatch(1);
        private volatile CountDownLatch gate = new CountDownLatch(0);
        private volatile boolean obstacle;

        @Override
        public Optional<Changes> changes(String conversation, String call) {
            return Optional.empty();
        }

        @Override
        public Optional<String> diff(String conversation, String call) {
            return Optional.empty();
        }

        @Override
        public Optional<Revert> revert(String conversation, String call) {
            if (!call.equals("c_1")) {
                return Optional.empty();
            }
            begun.countDown();
            try {
                assertThat(gate.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return Optional.of(
                    obstacle
                            ? new Revert(null, List.of(), List.of("a.txt: it was changed since"))
                            : new Revert("u_1", List.of(new Change("a.txt", Kind.MODIFIED, 1, 2, true)), List.of()));
        }
    }

    @Test
    void aRevertIsAnEventAndTheModelIsTold() throws Exception {
        var journal = new OneCall();
        house.services.journals.add(journal, Map.of());
        String id = calls("fs.read {\"path\":\"a\"}");
        journal.obstacle = true;
        assertThat(house.chat.revert(id, "c_1").obstacles()).containsExactly("a.txt: it was changed since");
        assertThat(house.types(id)).doesNotContain(EventType.WORKSPACE_REVERTED);

        journal.obstacle = false;
        assertThat(house.chat.revert(id, "c_1").id()).isEqualTo("u_1");
        assertThat(house.latest(id, EventType.WORKSPACE_REVERTED, "revert")).isEqualTo("u_1");
        assertThat(house.latest(id, EventType.MESSAGE_NOTICE, "text")).contains("as before again: a.txt.");
        assertThatThrownBy(() -> house.chat.revert(id, "c_2"))
                .isInstanceOfSatisfying(
                        ChatException.class, e -> assertThat(e.kind()).isEqualTo(ChatException.Kind.NOT_FOUND));

        house.model.script(null);
        house.chat.post(id, null, "and now");
        assertThatThrownBy(() -> house.chat.revert(id, "c_1")).hasMessageContaining("a turn is under way");
    }

    /** Somebody reverts the call, and it has begun. */
    private static CompletableFuture<WorkspaceJournal.Revert> reverting(House where, OneCall journal, String id)
            throws Exception {
        journal.gate = new CountDownLatch(1);
        where.services.journals.add(journal, Map.of());
        CompletableFuture<WorkspaceJournal.Revert> revert = CompletableFuture.supplyAsync(() -> {
            try {
                return where.chat.revert(id, "c_1");
            } catch (ChatException e) {
                throw new CompletionException(e);
            }
        });
        assertThat(journal.begun.await(25, TimeUnit.SECONDS)).isTrue();
        return revert;
    }

    @Test
    void whoRevertsHearsOfItsEndHoweverLateAndWhoeverIsToldToTryAgainHasDoneNothing() throws Exception {
        ChatLimits hasty = ChatLimits.DEFAULT.withPatience(Duration.ofMillis(1));
        try (House busy = new House(new Disk(), new Sandboxes(), hasty)) {
            var journal = new OneCall();
            String id = busy.conversation();
            CompletableFuture<WorkspaceJournal.Revert> revert = reverting(busy, journal, id);
            assertThatThrownBy(() -> busy.chat.post(id, null, "meanwhile"))
                    .isInstanceOfSatisfying(
                            ChatException.class, e -> assertThat(e.kind()).isEqualTo(ChatException.Kind.UNAVAILABLE))
                    .hasMessageContaining("nothing was done: try again");
            assertThat(revert).isNotDone();
            journal.gate.countDown();
            assertThat(revert.get(25, TimeUnit.SECONDS).id()).isEqualTo("u_1");
            busy.chat.post(id, null, "again");
            assertThat(busy.events(id, EventType.MESSAGE_USER))
                    .extracting(event -> Json.object(event.data()).path("text").asText())
                    .containsExactly("again");
            assertThat(busy.events(id, EventType.WORKSPACE_REVERTED)).hasSize(1);
        }
    }

    @Test
    void whoRevertsHearsOfItsEndThoughChatIsReplacedMeanwhile() throws Exception {
        var journal = new OneCall();
        String id = house.conversation();
        CompletableFuture<WorkspaceJournal.Revert> revert = reverting(house, journal, id);
        house.chat.close();
        journal.gate.countDown();
        assertThat(revert.get(25, TimeUnit.SECONDS).id()).isEqualTo("u_1");
        assertThat(house.latest(id, EventType.WORKSPACE_REVERTED, "revert")).isEqualTo("u_1");
    }

    @Test
    void aRevertThatCannotBeWrittenDownIsNotToBeTriedAgain() throws Exception {
        house.services.journals.add(new OneCall(), Map.of());
        String id = house.conversation();
        house.store.fill();
        assertThatThrownBy(() -> house.chat.revert(id, "c_1"))
                .isInstanceOfSatisfying(
                        ChatException.class, e -> assertThat(e.kind()).isEqualTo(ChatException.Kind.CONFLICT))
                .hasMessage("the files were brought back (u_1 undoes that), but that could not be written into the"
                        + " conversation: the disk is full");
    }

    @Test
    void nothingIsRevertedWhileACallOfTheBackgroundMayWrite() throws Exception {
        try (House busy =
                new House(new Disk(), new Sandboxes(), ChatLimits.DEFAULT.withForeground(Duration.ofMillis(20)))) {
            busy.services.journals.add(new OneCall(), Map.of());
            busy.sandboxes.behaviour = program -> {};
            busy.model.script((n, answer) -> answer.say(
                            answer.asked().equals("go") ? "@call 1 fs.write {\"path\":\"a\"}\n" : "fine")
                    .end());
            String id = busy.say("go");
            busy.awaitTurns(id, 1);
            Sandboxes.Program program = busy.sandboxes.next();
            assertThatThrownBy(() -> busy.chat.revert(id, "c_1"))
                    .isInstanceOfSatisfying(
                            ChatException.class, e -> assertThat(e.kind()).isEqualTo(ChatException.Kind.CONFLICT))
                    .hasMessage("calls that may change files are still running: fs.write (" + program.spec.call()
                            + "); stop them first, or wait");
            program.exit(0);
            busy.awaitTurns(id, 2);
            assertThat(busy.chat.revert(id, "c_1").id()).isEqualTo("u_1");
        }
    }

    @Test
    void callsReadTellsAllOfALongOutput() throws Exception {
        var text = new StringBuilder();
        for (int i = 1; i <= 300_000; i++) {
            text.append("line ").append(i).append('\n');
        }
        house.sandboxes.behaviour = program -> program.print(text.toString()).exit(0);
        String id = calls(
                "fs.read {\"path\":\"a\"}",
                "calls.read {\"call\":\"1\",\"offset\":150000,\"lines\":2}",
                "calls.read {\"call\":\"1\",\"offset\":-1}",
                "calls.list {}",
                "calls.read {\"call\":\"7\"}");
        String log = house.log(id).toString();
        assertThat(log)
                .contains(
                        "[stdout of call 1 (fs.read), lines 150000 to 150001 of 300000; go on with offset 150002]\\nline"
                                + " 150000\\nline 150001\\n")
                .contains("lines 300000 to 300000 of 300000]\\nline 300000\\n")
                .contains("1  fs.read  completed  stdout " + text.length() + " bytes\\n")
                .contains("there is no call 7; the calls are: 1, 2, 3, 4");
    }
}
