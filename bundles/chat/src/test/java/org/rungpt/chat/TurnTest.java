package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.action.Task;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.chat.Message;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.runner.CallSpec;
import org.rungpt.api.runner.RunnerException;

/** Whole turns on the engine. */
final class TurnTest {
    private final House house = new House();

    @AfterEach
    void close() {
        house.close();
    }

    @Test
    void aPlainAnswerStreamsAndEndsTheTurn() throws Exception {
        // Text that is told slowly is stored in more pieces.
        house.holdTime();
        house.model.script(
                (n, answer) -> answer.think("hm").say("Hello ").say("world").end());
        String id = house.say("Hi there\nmore");
        house.awaitTurns(id, 1);

        assertThat(house.types(id))
                .containsExactly(
                        EventType.MESSAGE_USER,
                        EventType.CONVERSATION_TITLED,
                        EventType.TURN_STARTED,
                        EventType.CONVERSATION_STARTED,
                        EventType.MESSAGE_STARTED,
                        EventType.MESSAGE_TEXT,
                        EventType.MESSAGE_TEXT,
                        EventType.MESSAGE_FINISHED,
                        EventType.TURN_FINISHED);
        assertThat(house.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("done");
        assertThat(house.listener.text(id, EventType.MESSAGE_DELTA)).isEqualTo("hmHello world");
        Conversation conversation = house.disk.conversations.get(id);
        assertThat(conversation.title()).isEqualTo("Hi there");
        assertThat(conversation.state()).isEqualTo(Conversation.State.IDLE);
        assertThat(house.state(id).history()).hasSize(2);
        house.await(id, log -> house.listener.appended.equals(log), "event told to the listener");
    }

    @Test
    void theSystemMessageIsFrozenAndHoldsTheInstructions() throws Exception {
        house.model.script((n, answer) -> answer.say("ok").end());
        String id = house.say("one");
        house.awaitTurns(id, 1);
        house.chat.post(id, null, "two");
        house.awaitTurns(id, 2);

        ModelMessage first = house.model.next().request.messages().get(0);
        assertThat(first.role()).isEqualTo(ModelMessage.Role.SYSTEM);
        assertThat(first.text()).contains("actions [fs@1, plot@1]");
        assertThat(house.model.next().request.messages().get(0)).isEqualTo(first);
        assertThat(house.latest(id, EventType.CONVERSATION_STARTED, "nonce")).matches("[a-z2-7]{6}");
    }

    @Test
    void aCallMayTakeAndBeSilentAsLongAsItsTaskSays() throws Exception {
        Task open = House.open("nap");
        var silent = new Task(
                "nap",
                open.description(),
                open.parameters(),
                List.of(),
                Effects.READ,
                false,
                false,
                Duration.ofHours(1),
                Duration.ofSeconds(7),
                Task.Output.TEXT);
        house.registry.installed = List.of(House.action("bed", "1", true, silent));
        house.model.script((n, answer) ->
                answer.say(n == 1 ? "@call 1 bed.nap {}\n" : "ok").end());
        String id = house.say("sleep");
        house.awaitTurns(id, 1);
        CallSpec.Limits limits = house.sandboxes.next().spec.limits();
        assertThat(limits.total()).isEqualTo(Duration.ofHours(1));
        assertThat(limits.idle()).isEqualTo(Duration.ofSeconds(7));
    }

    @Test
    void aCallRunsAndItsResultGoesBackInANewMessage() throws Exception {
        house.model.script((n, answer) -> {
            if (n == 1) {
                answer.say("Let me look.\n@call 1 fs.read {\"path\":\"a\"}\n").end();
            } else {
                answer.say("It says: " + answer.asked()).end();
            }
        });
        String id = house.say("look");
        house.awaitTurns(id, 1);

        assertThat(house.answer(id)).contains("It says: RESULT 1 completed ran {\"path\":\"a\"}");
        assertThat(house.latest(id, EventType.CALL_FINISHED, "status")).isEqualTo("completed");
        assertThat(house.types(id))
                .containsSubsequence(
                        EventType.CALL_REQUESTED,
                        EventType.CALL_STARTED,
                        EventType.CALL_OUTPUT,
                        EventType.CALL_FINISHED,
                        EventType.MESSAGE_RESULTS,
                        EventType.MESSAGE_STARTED);
    }

    @Test
    void aHarmlessCallRunsWhileTheAnswerStreamsAndAnotherOneWhenItHasEnded() throws Exception {
        String id = house.say("go");
        ScriptedModel.Answer answer = house.model.next();
        answer.say("@call 1 fs.read {\"path\":\"a\"}\n@call 2 fs.write {\"path\":\"b\"}\n");
        assertThat(house.sandboxes.next().spec.task().name()).isEqualTo("fs.read");
        house.await(id, EventType.CALL_FINISHED);
        assertThat(house.sandboxes.started).hasSize(1);
        answer.end();
        assertThat(house.sandboxes.next().spec.task().name()).isEqualTo("fs.write");
        house.model.next().say("done").end();
        house.awaitTurns(id, 1);
        assertThat(house.events(id, EventType.MESSAGE_RESULTS)).hasSize(1);
    }

    @Test
    void severalCallsRunInOrderAndTheirResultsGoTogether() throws Exception {
        house.model.script((n, answer) -> {
            if (n == 1) {
                answer.say(
                                "@call 1 fs.write {\"path\":\"a\"}\n@call 2 fs.write {\"path\":\"b\"}\n@call 3 fs.read {\"path\":\"c\"}\n")
                        .end();
            } else {
                answer.say("fine").end();
            }
        });
        String id = house.say("go");
        house.awaitTurns(id, 1);
        List<String> order = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            order.add(house.sandboxes.next().spec.arguments());
        }
        assertThat(order).containsExactly("{\"path\":\"a\"}", "{\"path\":\"b\"}", "{\"path\":\"c\"}");
        Message.Results results = (Message.Results) house.state(id).history().get(2);
        assertThat(results.results()).hasSize(3);
    }

    @Test
    void whatIsDurableIsToldThoughTheNextCallCannotBeginAndTheDiskIsFullThen() throws Exception {
        house.model.script(
                (n, answer) -> answer.say("@call 1 fs.write {\"path\":\"a\"}\n@call 2 fs.write {\"path\":\"b\"}\n")
                        .end());
        house.sandboxes.behaviour = program -> {
            house.runner.atRefusal = house.store::fill;
            house.runner.refusal = new RunnerException(RunnerException.Kind.SANDBOX, "no room");
            program.exit(0);
        };
        String id = house.say("go");

        house.await(id, log -> house.events(id, EventType.CALL_STARTED).size() == 2, "second start");
        assertThatThrownBy(() -> house.chat.stop(id)).hasMessageContaining("the disk is full");
        assertThat(house.listener.appended).containsExactlyElementsOf(house.log(id));
        assertThat(house.sandboxes.forgotten)
                .containsExactly(house.sandboxes.next().spec.call());
    }

    @Test
    void wordsAfterACallCutTheAnswer() throws Exception {
        String id = house.say("go");
        ScriptedModel.Answer answer = house.model.next();
        answer.say("@call 1 fs.write {\"path\":\"a\"}\nThe file says 42");
        assertThat(answer.awaitCancel()).isTrue();
        house.model.next().say("ok").end();
        house.awaitTurns(id, 1);
        ConversationEvent finished =
                house.events(id, EventType.MESSAGE_FINISHED).get(0);
        assertThat(finished.data()).contains("\"reason\":\"cut\"").contains("\"estimated\":true");
        assertThat(house.answer(id)).doesNotContain("42");
    }

    @Test
    void wrongArgumentsAndUnknownTasksDoNotRunAndTheModelIsTold() throws Exception {
        house.model.script((n, answer) -> {
            switch (n) {
                case 1 ->
                    answer.say("@call 1 fs.read {\"path\":7}\n@call 2 fs.nope {}\n@call 3 no.pe {}\n")
                            .end();
                case 2 -> answer.say("@call 1 fs.read {\"path\":\"a\"}\n").end();
                default -> answer.say("ok").end();
            }
        });
        String id = house.say("go");
        house.awaitTurns(id, 1);
        house.model.next();
        String told = house.model.next().asked();
        assertThat(told)
                .contains("RESULT 1 invalid", "/path", "\"required\":[\"path\"]")
                .contains("The tasks of fs are: fs.read, fs.write")
                .contains("There is no action no");
        assertThat(house.sandboxes.started).hasSize(1);
        assertThat(house.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("done");
    }

    @Test
    void afterTwoRetriesOfMalformedCallsTheTurnStopsVisibly() throws Exception {
        house.model.script((n, answer) -> answer.say("@bad " + n + "\n").end());
        String id = house.say("go");
        house.awaitTurns(id, 1);
        assertThat(house.model.asked).hasSize(3);
        assertThat(house.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("limit");
        assertThat(house.latest(id, EventType.TURN_FINISHED, "detail")).contains("3 times in a row");
        assertThat(house.latest(id, EventType.TURN_FINISHED, "canContinue")).isEqualTo("true");
    }

    @Test
    void theSameCallThreeTimesRunningStopsTheTurnAndContinueGoesOn() throws Exception {
        var more = new AtomicInteger();
        house.model.script((n, answer) -> {
            if (n <= 3) {
                answer.say("@call " + n + " fs.read {\"path\":\"a\"}\n").end();
            } else {
                more.incrementAndGet();
                answer.say("another way: " + answer.asked()).end();
            }
        });
        String id = house.say("go");
        house.awaitTurns(id, 1);
        assertThat(house.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("repeated");
        assertThat(house.sandboxes.started).hasSize(2);
        house.chat.resume(id);
        house.awaitTurns(id, 2);
        assertThat(more).hasValue(1);
        assertThat(house.answer(id)).contains("another way: NOTICE");
    }

    @Test
    void aTurnMakesOnlySoManySteps() throws Exception {
        house.close();
        try (House small = new House(new Disk(), new Sandboxes(), ChatLimits.DEFAULT.withLoop(4, 50))) {
            small.model.script((n, answer) -> answer.say("@call " + n + " fs.read {\"path\":\"" + n + "\"}\n")
                    .end());
            String id = small.say("go");
            small.awaitTurns(id, 1);
            assertThat(small.model.asked).hasSize(4);
            assertThat(small.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("limit");
        }
    }

    @Test
    void whatACallSaysThatWasGivenUpIsNotWrittenBehindItsEnd() throws Exception {
        house.close();
        ChatLimits all = ChatLimits.DEFAULT;
        var hasty = new ChatLimits(
                all.steps(),
                all.calls(),
                all.malformed(),
                all.repeats(),
                all.messageCharacters(),
                all.answerCharacters(),
                all.resultCharacters(),
                all.outputBytes(),
                all.instructionCharacters(),
                all.automaticTurns(),
                all.foreground(),
                all.turn(),
                all.conversation(),
                all.patience(),
                Duration.ofMillis(50));
        try (House small = new House(new Disk(), new Sandboxes(), hasty)) {
            small.sandboxes.behaviour = program -> program.deafen().print("before");
            small.model.script((n, answer) -> answer.say(n == 1 ? "@call 1 fs.read {\"path\":\"a\"}\n" : "ok")
                    .end());
            String id = small.say("go");
            Sandboxes.Program program = small.sandboxes.next();
            small.chat.cancel(id, program.spec.call());
            small.awaitTurns(id, 1);
            assertThat(small.latest(id, EventType.CALL_FINISHED, "message")).contains("nobody says that it ended");
            program.print("x".repeat(20_000));
            program.exit(0);
            small.chat.post(id, null, "and?");
            small.awaitTurns(id, 2);
            List<String> types = small.types(id);
            assertThat(types.lastIndexOf(EventType.CALL_OUTPUT)).isLessThan(types.indexOf(EventType.CALL_FINISHED));
            assertThat(types.stream().filter(EventType.CALL_FINISHED::equals)).hasSize(1);
            assertThat(small.listener.text(id, EventType.CALL_OUTPUT_DELTA)).isEqualTo("before");
        }
    }

    @Test
    void anAnswerThatTheServersFilterEndsSaysSoAndCanBeContinued() throws Exception {
        house.model.script((n, answer) -> answer.say("half").end(FinishReason.CONTENT_FILTER));
        String id = house.say("go");
        house.awaitTurns(id, 1);
        assertThat(house.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("limit");
        assertThat(house.latest(id, EventType.TURN_FINISHED, "detail")).contains("content filter");
        house.chat.resume(id);
        house.awaitTurns(id, 2);
        assertThat(house.model.asked).hasSize(2);
    }

    @Test
    void whoseLimitEndedAnAnswerIsTold() throws Exception {
        house.model.script((n, answer) -> {
            if (n == 1) {
                answer.say("half").end(FinishReason.LENGTH);
            } else {
                answer.say("x".repeat(ChatLimits.DEFAULT.answerCharacters() + 1));
            }
        });
        String id = house.say("go");
        house.awaitTurns(id, 1);
        assertThat(house.latest(id, EventType.TURN_FINISHED, "detail"))
                .isEqualTo("The answer reached the model's length limit.");
        house.chat.resume(id);
        house.awaitTurns(id, 2);
        assertThat(house.latest(id, EventType.TURN_FINISHED, "detail"))
                .isEqualTo("The answer is longer than RunGPT takes.");
    }

    @Test
    void aRequestThatNobodyAnsweredCostsNothing() throws Exception {
        house.model.script((n, answer) -> {
            if (n == 2) {
                answer.say("half");
            }
            answer.fail(n == 1 ? ModelException.Kind.AUTHENTICATION : ModelException.Kind.DROPPED);
        });
        String id = house.say("go");
        house.awaitTurns(id, 1);
        assertThat(house.latest(id, EventType.MESSAGE_FINISHED, "reason")).isEqualTo("error");
        assertThat(house.state(id).spent().tokens).isZero();
        house.chat.resume(id);
        house.awaitTurns(id, 2);
        assertThat(house.state(id).spent().tokens).isPositive();
    }

    @Test
    void aTurnMakesOnlySoManyCalls() throws Exception {
        house.close();
        try (House small = new House(new Disk(), new Sandboxes(), ChatLimits.DEFAULT.withLoop(25, 3))) {
            small.model.script((n, answer) -> answer.say(
                            "@call %da fs.read {\"path\":\"%da\"}\n@call %db fs.read {\"path\":\"%db\"}\n"
                                    .formatted(n, n, n, n))
                    .end());
            String id = small.say("go");
            small.awaitTurns(id, 1);
            assertThat(small.sandboxes.started).hasSize(3);
            assertThat(small.latest(id, EventType.TURN_FINISHED, "detail")).isEqualTo("The turn made 3 calls.");
            History.check(small.state(id).history());
        }
    }

    @Test
    void aThirdPartysTaskAsksOnceAConversation() throws Exception {
        house.model.script((n, answer) -> {
            if (n <= 2) {
                answer.say("@call " + n + " plot.draw {\"path\":\"" + n + "\"}\n")
                        .end();
            } else {
                answer.say("done").end();
            }
        });
        String id = house.say("draw");
        house.awaitState(id, Conversation.State.WAITING);
        assertThat(house.sandboxes.started).isEmpty();
        assertThat(house.latest(id, EventType.APPROVAL_REQUESTED, "reasons")).isEmpty();
        assertThat(house.events(id, EventType.APPROVAL_REQUESTED).get(0).data()).contains("third party");
        String call = house.latest(id, EventType.CALL_REQUESTED, "call");
        house.chat.decide(id, call, new Decision(true, Decision.Scope.CONVERSATION, null));
        house.awaitTurns(id, 1);
        assertThat(house.sandboxes.started).hasSize(2);
        assertThat(house.events(id, EventType.APPROVAL_REQUESTED)).hasSize(1);
        assertThatThrownBy(() -> house.chat.decide(id, call, new Decision(false, Decision.Scope.ONCE, null)))
                .isInstanceOfSatisfying(
                        ChatException.class, e -> assertThat(e.kind()).isEqualTo(ChatException.Kind.CONFLICT));
        assertThatThrownBy(() -> house.chat.decide(id, "c_no", new Decision(true, Decision.Scope.ONCE, null)))
                .isInstanceOfSatisfying(
                        ChatException.class, e -> assertThat(e.kind()).isEqualTo(ChatException.Kind.NOT_FOUND));
    }

    @Test
    void anApprovalForAlwaysHoldsForThisVersionEverywhere() throws Exception {
        house.model.script((n, answer) -> {
            if (answer.asked().equals("draw")) {
                answer.say("@call 1 plot.draw {\"path\":\"x\"}\n").end();
            } else {
                answer.say("done").end();
            }
        });
        String first = house.say("draw");
        house.awaitState(first, Conversation.State.WAITING);
        String call = house.latest(first, EventType.CALL_REQUESTED, "call");
        house.chat.decide(first, call, new Decision(true, Decision.Scope.ALWAYS, null));
        house.awaitTurns(first, 1);
        assertThat(house.disk.settings).containsKey("policy/allow/acme/plot@hash-plot-1/draw");

        String second = house.say("draw");
        house.awaitTurns(second, 1);
        assertThat(house.events(second, EventType.APPROVAL_REQUESTED)).isEmpty();

        house.registry.installed = List.of(House.action("plot", "2", false, House.task("draw", Effects.WRITE)));
        String third = house.say("draw");
        house.awaitState(third, Conversation.State.WAITING);
    }

    @Test
    void aDeniedCallDoesNotRunAndTheModelIsToldWhy() throws Exception {
        house.model.script((n, answer) -> answer.say(n == 1 ? "@call 1 plot.draw {\"path\":\"x\"}\n" : answer.asked())
                .end());
        String id = house.say("draw");
        house.awaitState(id, Conversation.State.WAITING);
        String call = house.latest(id, EventType.CALL_REQUESTED, "call");
        house.chat.decide(id, call, new Decision(false, Decision.Scope.ONCE, "not today"));
        house.awaitTurns(id, 1);
        assertThat(house.sandboxes.started).isEmpty();
        assertThat(house.answer(id)).contains("RESULT 1 denied").contains("not today");
    }

    @Test
    void stopWhileACallWaitsForApprovalEndsItAsCancelled() throws Exception {
        String id = house.say("draw");
        house.model.next().say("@call 1 plot.draw {\"path\":\"x\"}\n").end();
        house.awaitState(id, Conversation.State.WAITING);
        house.chat.stop(id);
        house.awaitTurns(id, 1);
        assertThat(house.latest(id, EventType.CALL_FINISHED, "status")).isEqualTo("cancelled");
        assertThat(house.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("stopped");
        History.check(house.state(id).history());
        assertThat(house.sandboxes.started).isEmpty();
    }

    @Test
    @DisplayName("G.83 stop during the stream keeps what was said")
    void stopDuringTheStreamKeepsWhatWasSaid() throws Exception {
        String id = house.say("talk");
        ScriptedModel.Answer answer = house.model.next();
        answer.say("Once upon a time\n@call 1 fs");
        house.awaitTransient(id, EventType.MESSAGE_DELTA);
        house.chat.stop(id);
        assertThat(answer.awaitCancel()).isTrue();
        house.awaitTurns(id, 1);
        assertThat(house.latest(id, EventType.MESSAGE_FINISHED, "reason")).isEqualTo("stopped");
        assertThat(house.answer(id)).isEqualTo("Once upon a time\n");
        assertThat(house.sandboxes.started).isEmpty();
        house.chat.resume(id);
        assertThat(house.model.next().asked()).startsWith("NOTICE Your last answer broke off");
    }

    @Test
    void stopDuringACallCancelsItAndWhatHasNotBegun() throws Exception {
        house.sandboxes.behaviour = program -> program.print("half");
        String id = house.say("go");
        house.model
                .next()
                .say("@call 1 fs.write {\"path\":\"a\"}\n@call 2 fs.write {\"path\":\"b\"}\n")
                .end();
        Sandboxes.Program program = house.sandboxes.next();
        house.chat.stop(id);
        house.awaitTurns(id, 1);
        assertThat(program.isCancelled()).isTrue();
        Message.Results results = (Message.Results) house.state(id).history().get(2);
        assertThat(results.results()).allMatch(result -> result.status().wire().equals("cancelled"));
        assertThat(results.results().get(0).text()).isEqualTo("half");
        assertThat(house.sandboxes.started).hasSize(1);
        house.chat.stop(id);
        assertThat(house.events(id, EventType.TURN_FINISHED)).hasSize(1);
    }

    @Test
    void cancellingOneCallLetsTheTurnGoOn() throws Exception {
        house.sandboxes.behaviour = program -> {};
        String id = house.say("go");
        house.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        Sandboxes.Program program = house.sandboxes.next();
        house.chat.cancel(id, program.spec.call());
        ScriptedModel.Answer answer = house.model.next();
        assertThat(answer.asked()).contains("RESULT 1 cancelled");
        answer.say("ok").end();
        house.awaitTurns(id, 1);
        house.chat.cancel(id, program.spec.call());
        assertThatThrownBy(() -> house.chat.cancel(id, "c_none")).isInstanceOf(ChatException.class);
    }

    @Test
    @DisplayName("G.79 a model's error ends the turn with the remedy and keeps the text")
    void aModelsErrorEndsTheTurnWithTheRemedyAndKeepsTheText() throws Exception {
        house.model.script((n, answer) -> {
            answer.say("Half an ans");
            answer.fail(ModelException.Kind.DROPPED);
        });
        String id = house.say("go");
        house.awaitTurns(id, 1);
        ConversationEvent finished =
                house.events(id, EventType.MESSAGE_FINISHED).get(0);
        assertThat(finished.data()).contains("\"kind\":\"dropped\"", "\"remedy\":\"do something\"");
        assertThat(house.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("error");
        assertThat(house.answer(id)).isEqualTo("Half an ans");
    }

    @Test
    @DisplayName("G.79 a call in an answer that broke off does not run if it has effects")
    void aCallInAnAnswerThatBrokeOffDoesNotRunIfItHasEffects() throws Exception {
        house.model.script((n, answer) -> {
            answer.say("@call 1 fs.write {\"path\":\"a\"}\n");
            answer.fail(ModelException.Kind.DROPPED);
        });
        String id = house.say("go");
        house.awaitTurns(id, 1);
        assertThat(house.sandboxes.started).isEmpty();
        assertThat(house.latest(id, EventType.CALL_FINISHED, "status")).isEqualTo("cancelled");
        History.check(house.state(id).history());
    }

    @Test
    @DisplayName("G.79 a call that is not closed never runs")
    void aCallThatIsNotClosedNeverRuns() throws Exception {
        house.model.script((n, answer) -> {
            if (n == 1) {
                answer.say("@call 1 fs.read {\"path\"").end(FinishReason.LENGTH);
            } else {
                answer.say(answer.asked()).end();
            }
        });
        String id = house.say("go");
        house.awaitTurns(id, 1);
        assertThat(house.sandboxes.started).isEmpty();
        assertThat(house.answer(id)).contains("the call is not closed");
    }

    @Test
    void postingIsIdempotentAndMessagesDuringATurnWaitForItsEnd() throws Exception {
        String id = house.conversation();
        assertThat(house.chat.post(id, "m1", "first")).isEqualTo("m1");
        ScriptedModel.Answer answer = house.model.next();
        assertThat(house.chat.post(id, "m1", "first")).isEqualTo("m1");
        house.chat.post(id, "m2", "second");
        house.chat.post(id, "m3", "third");
        assertThat(house.events(id, EventType.MESSAGE_USER)).hasSize(3);
        answer.say("one").end();
        ScriptedModel.Answer next = house.model.next();
        assertThat(next.request.messages().stream().map(ModelMessage::text).toList())
                .endsWith("first", "one", "second", "third");
        next.say("two").end();
        house.awaitTurns(id, 2);
    }

    @Test
    void whatIsAskedWrongIsRefused() throws Exception {
        String id = house.conversation();
        assertKind(ChatException.Kind.INVALID, () -> house.chat.post(id, null, " \n"));
        assertKind(ChatException.Kind.INVALID, () -> house.chat.post(id, null, "x".repeat((1 << 20) + 1)));
        assertKind(ChatException.Kind.INVALID, () -> house.chat.post(id, "a/b", "x"));
        assertKind(ChatException.Kind.NOT_FOUND, () -> house.chat.post("nobody", null, "x"));
        assertKind(ChatException.Kind.INVALID, () -> house.chat.create("nomodel"));
        assertKind(ChatException.Kind.CONFLICT, () -> house.chat.resume(id));
        assertKind(ChatException.Kind.INVALID, () -> house.chat.change(id, "\u0007", null));
    }

    private static void assertKind(
            ChatException.Kind kind, org.assertj.core.api.ThrowableAssert.ThrowingCallable task) {
        assertThatThrownBy(task).isInstanceOfSatisfying(ChatException.class, e -> assertThat(e.kind())
                .isEqualTo(kind));
    }

    @Test
    void anActionThatIsInstalledDuringAChatIsToldInTheNextStep() throws Exception {
        house.model.script((n, answer) -> answer.say("ok").end());
        String id = house.say("one");
        house.awaitTurns(id, 1);
        var more = new ArrayList<InstalledAction>(house.registry.installed);
        more.add(House.action("web", "1", false, House.task("get", Effects.READ)));
        house.registry.installed = more;
        house.chat.post(id, null, "two");
        house.awaitTurns(id, 2);
        house.chat.post(id, null, "three");
        house.awaitTurns(id, 3);
        assertThat(house.events(id, EventType.MESSAGE_NOTICE)).hasSize(1);
        assertThat(house.latest(id, EventType.MESSAGE_NOTICE, "text")).contains("added [web@1]");
    }

    @Test
    void longOutputIsCutInTheMiddleForTheModelWithTheExactCount() throws Exception {
        String line = "0123456789abcdé\n";
        house.sandboxes.behaviour =
                program -> program.print(line.repeat(100_000)).exit(0);
        house.model.script((n, answer) ->
                answer.say(n == 1 ? "@call 1 fs.read {\"path\":\"x\"}\n" : "ok").end());
        String id = house.say("go");
        house.awaitTurns(id, 1);
        Message.Results results = (Message.Results) house.state(id).history().get(2);
        String text = results.results().get(0).text();
        long all = 100_000L * line.getBytes(StandardCharsets.UTF_8).length;
        assertThat(results.results().get(0).bytes()).isEqualTo(all);
        assertThat(text.length()).isLessThan(17_000);
        var matcher = java.util.regex.Pattern.compile("\n\\[… (\\d+) bytes left out …\\]\n")
                .matcher(text);
        assertThat(matcher.find()).isTrue();
        String leftOut = matcher.group(1);
        long kept = matcher.replaceAll("").getBytes(StandardCharsets.UTF_8).length;
        assertThat(Long.parseLong(leftOut)).isEqualTo(all - kept);
        assertThat(results.results().get(0).note()).contains("of " + all + " bytes");
        long stored = house.events(id, EventType.CALL_OUTPUT).stream()
                .mapToLong(event -> Json.object(event.data()).path("bytes").asLong())
                .sum();
        assertThat(stored).isLessThan(3 << 20);
    }

    @Test
    void outputIsDecodedHoweverItsBytesAreCut() throws Exception {
        byte[] bytes = "häß€😀 \n".repeat(20).getBytes(StandardCharsets.UTF_8);
        house.sandboxes.behaviour = program -> {
            for (byte b : bytes) {
                program.print(new byte[] {b});
            }
            program.print(new byte[] {(byte) 0xe2, (byte) 0x82}).exit(3);
        };
        house.model.script((n, answer) ->
                answer.say(n == 1 ? "@call 1 fs.read {\"path\":\"x\"}\n" : "ok").end());
        String id = house.say("go");
        house.awaitTurns(id, 1);
        Message.Results results = (Message.Results) house.state(id).history().get(2);
        assertThat(results.results().get(0).text()).isEqualTo("häß€😀 \n".repeat(20) + "\uFFFD");
        assertThat(results.results().get(0).exit()).isEqualTo(3);
        assertThat(house.listener.text(id, EventType.CALL_OUTPUT_DELTA)).isEqualTo("häß€😀 \n".repeat(20) + "\uFFFD");
    }

    @Test
    void deletingEndsEverythingAndTellsTheListeners() throws Exception {
        house.sandboxes.behaviour = program -> {};
        String id = house.say("go");
        house.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        Sandboxes.Program program = house.sandboxes.next();
        house.chat.delete(id);
        assertThat(program.isCancelled()).isTrue();
        assertThat(house.listener.deleted).containsExactly(id);
        assertThat(house.sandboxes.released).containsExactly(id);
        assertThat(house.disk.conversations).isEmpty();
        assertKind(ChatException.Kind.NOT_FOUND, () -> house.chat.post(id, null, "x"));
    }

    @Test
    void anotherTitleAndModelCountFromTheNextTurnOn() throws Exception {
        String id = house.say("one");
        ScriptedModel.Answer first = house.model.next();
        Conversation changed = house.chat.change(id, "My title", "test/two");
        assertThat(changed.title()).isEqualTo("My title");
        assertThat(changed.model()).isEqualTo("test/two");
        first.say("@call 1 fs.read {\"path\":\"a\"}\n").end();
        ScriptedModel.Answer second = house.model.next();
        assertThat(second.request.model()).isEqualTo("one");
        second.say("x").end();
        house.awaitTurns(id, 1);
        house.chat.post(id, null, "two");
        assertThat(house.model.next().request.model()).isEqualTo("two");
        assertThat(house.disk.conversations.get(id).title()).isEqualTo("My title");
    }

    @Test
    void theDefaultModelIsWhatTheUserChoseElseTheFirstThatIsReady() throws Exception {
        assertThat(house.chat.defaultModel()).contains("test/one");
        house.chat.setDefaultModel("test/other");
        assertThat(house.chat.defaultModel()).contains("test/other");
        assertThat(house.chat.create(null).model()).isEqualTo("test/other");
    }

    @Test
    void idsSortByTimeAndAreLong() {
        String early = Ids.conversation(1_000_000_000_000L);
        String late = Ids.conversation(1_000_000_000_001L);
        assertThat(early).isLessThan(late).hasSize(26);
        assertThat(Ids.of("c_")).hasSize(28).isNotEqualTo(Ids.of("c_"));
    }

    @Test
    void aConversationThatWasQuietAndStreamsAgainIsNotPutAway() throws Exception {
        house.model.script((n, answer) -> {
            if (!answer.asked().equals("hold")) {
                answer.say("ok").end();
            }
        });
        String id = house.say("first");
        house.awaitTurns(id, 1);
        house.chat.post(id, null, "hold");
        ScriptedModel.Answer held;
        do {
            held = house.model.next();
        } while (!held.asked().equals("hold"));
        held.say("before ");
        for (int i = 0; i < 80; i++) {
            house.awaitTurns(house.say("other " + i), 1);
        }
        held.say("after").end();
        house.awaitTurns(id, 2);
        assertThat(house.answer(id)).isEqualTo("okbefore after");
        house.chat.post(id, null, "again");
        house.awaitTurns(id, 3);
    }

    @Test
    void aConnectionThatSaysItGoesButStaysIsAskedAgain() throws Exception {
        house.model.script((n, answer) -> {
            if (n == 1) {
                answer.fail(ModelException.Kind.BACKEND_STOPPED);
            } else {
                answer.say("here").end();
            }
        });
        String id = house.say("go");
        house.awaitTurns(id, 1);
        assertThat(house.answer(id)).isEqualTo("here");
    }

    @Test
    void aProtocolThatFailsEndsTheTurnAndNotTheConversation() throws Exception {
        house.services.protocols.remove(house.protocol);
        var broken = new BrokenProtocol();
        house.services.protocols.add(broken, java.util.Map.of());
        String id = house.say("go");
        house.awaitTurns(id, 1);
        assertThat(house.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("error");
        house.services.protocols.remove(broken);
        house.services.protocols.add(house.protocol, java.util.Map.of());
        house.chat.resume(id);
        house.model.next().say("ok").end();
        house.awaitTurns(id, 2);
    }

    @Test
    void argumentsThatAreDeeperThanTheLogCanHoldAreToldToTheModelAndTheRestGoesOn() throws Exception {
        int[] depth = {0};
        house.model.script((n, it) -> it.say(
                        it.asked().equals("go")
                                ? "@call 1 fs.read {\"path\":" + "[".repeat(depth[0]) + "]".repeat(depth[0]) + "}\n"
                                : "heard.")
                .end());
        for (int each : new int[] {890, 997, 999}) {
            depth[0] = each;
            String id = house.say("go");
            house.awaitTurns(id, 1);
            assertThat(house.events(id, EventType.CALL_REQUESTED))
                    .as("%s deep", each)
                    .hasSize(1);
            assertThat(house.answer(id)).as("%s deep", each).isEqualTo("heard.");
            house.state(id);
        }
    }
}
