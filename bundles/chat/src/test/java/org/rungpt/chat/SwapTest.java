package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.store.StoreException;

/** Parts are replaced while conversations run. */
final class SwapTest {
    private final House house = new House();

    @AfterEach
    void close() {
        house.close();
    }

    @Test
    void aBackendThatIsReplacedWhileItAnswersIsAskedAgainAtItsSuccessor() throws Exception {
        String id = house.say("go");
        ScriptedModel.Answer answer = house.model.next();
        answer.say("Half");
        // One that stays after all is asked again.
        house.holdTime();
        answer.fail(ModelException.Kind.BACKEND_STOPPED);
        house.await(id, EventType.MESSAGE_FINISHED);
        var successor = new ScriptedModel(house.scripts);
        house.services.connections.add(successor, Map.of());
        house.services.connections.remove(house.model);
        successor.next().say("Whole").end();
        house.awaitTurns(id, 1);
        assertThat(house.model.asked).isEmpty();
        assertThat(house.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("done");
        assertThat(house.state(id).history()).hasSize(2);
        assertThat(house.events(id, EventType.MESSAGE_FINISHED).get(0).data()).contains("superseded");
    }

    @Test
    void aBackendThatGoesAfterACallWasMadeIsNotAskedAgain() throws Exception {
        String id = house.say("go");
        ScriptedModel.Answer answer = house.model.next();
        answer.say("@call 1 fs.write {\"path\":\"a\"}\n");
        house.await(id, EventType.CALL_REQUESTED);
        house.services.connections.remove(house.model);
        answer.fail(ModelException.Kind.BACKEND_STOPPED);
        house.sandboxes.next();
        var successor = new ScriptedModel(house.scripts);
        house.services.connections.add(successor, Map.of());
        ScriptedModel.Answer next = successor.next();
        assertThat(next.asked()).contains("RESULT 1 completed");
        next.say("ok").end();
        house.awaitTurns(id, 1);
        assertThat(house.sandboxes.started).hasSize(1);
    }

    @Test
    void aRunnerThatIsReplacedLosesNoOutput() throws Exception {
        house.sandboxes.behaviour = program -> program.print("one ");
        String id = house.say("go");
        house.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        Sandboxes.Program program = house.sandboxes.next();
        house.awaitTransient(id, EventType.CALL_OUTPUT_DELTA);
        house.runner.detach();
        house.services.runners.remove(house.runner);
        program.print("two ");
        house.services.runners.add(house.sandboxes.runner(), Map.of());
        program.print("three").exit(0);
        assertThat(house.model.next().asked()).isEqualTo("RESULT 1 completed one two three");
        assertThat(house.sandboxes.started).hasSize(1);
    }

    @Test
    void aCallThatIsOlderThanThePatienceOutlivesItsRunner() throws Exception {
        house.close();
        ChatLimits hasty = ChatLimits.DEFAULT.withPatience(Duration.ofSeconds(1));
        try (House poor = new House(new Disk(), new Sandboxes(), hasty)) {
            poor.sandboxes.behaviour = program -> program.print("one ");
            String id = poor.say("go");
            poor.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
            Sandboxes.Program program = poor.sandboxes.next();
            var patienceIsOver = new CompletableFuture<Boolean>();
            poor.engine.later(hasty.patience().plusMillis(50), () -> patienceIsOver.complete(true));
            assertThat(patienceIsOver.get(25, TimeUnit.SECONDS)).isTrue();
            // From the end of its runner on the patience counts anew.
            poor.holdTime();
            poor.runner.detach();
            poor.services.runners.remove(poor.runner);
            program.print("two").exit(0);
            poor.services.runners.add(poor.sandboxes.runner(), Map.of());
            assertThat(poor.model.next().asked()).isEqualTo("RESULT 1 completed one two");
            poor.awaitState(id, Conversation.State.RUNNING);
        }
    }

    @Test
    void aCallThatHasNotBegunStartsAtTheNextRunner() throws Exception {
        house.runner.building = true;
        String id = house.say("go");
        house.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        house.runner.awaitWaiting();
        house.runner.detach();
        house.services.runners.remove(house.runner);
        house.services.runners.add(house.sandboxes.runner(), Map.of());
        assertThat(house.model.next().asked()).contains("RESULT 1 completed");
        assertThat(house.sandboxes.started).hasSize(1);
        assertThat(house.events(id, EventType.CALL_STARTED)).hasSize(1);
    }

    @Test
    void aRunnerThatFailsAnyhowHasBegunNothing() throws Exception {
        house.runner.defect = new IllegalStateException("the bundle is being stopped");
        String id = house.say("go");
        house.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        house.await(id, EventType.CALL_STARTED);
        house.services.runners.add(house.sandboxes.runner(), Map.of());
        assertThat(house.model.next().asked()).contains("RESULT 1 completed");
        assertThat(house.sandboxes.started).hasSize(1);
    }

    @Test
    void theEndOfACallIsForgottenOnceItIsWrittenDown() throws Exception {
        String id = house.say("go");
        house.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        house.model.next().say("ok").end();
        house.awaitTurns(id, 1);
        assertThat(house.sandboxes.forgotten).isEqualTo(house.sandboxes.started).hasSize(1);
    }

    @Test
    void aConversationGoesOnByItselfWhenTheStoreHasFailedForAMoment() throws Exception {
        house.sandboxes.behaviour = program -> {};
        String called = house.say("call");
        house.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        Sandboxes.Program program = house.sandboxes.next();
        house.store.fail(StoreException.Kind.BROKEN);
        program.print("while the disk was full").exit(0);
        var lost = new CompletableFuture<Boolean>();
        house.engine.later(Duration.ofMillis(300), () -> lost.complete(true));
        assertThat(lost.get(25, TimeUnit.SECONDS)).isTrue();
        house.store.heal();
        assertThat(house.model.next().asked()).isEqualTo("RESULT 1 completed while the disk was full");
        assertThat(house.sandboxes.started).hasSize(1);
        assertThat(house.events(called, EventType.CALL_STARTED)).hasSize(1);
    }

    @Test
    void aQuestionThatCannotBeStoredIsRefusedAndTheModelIsNoLongerAsked() throws Exception {
        String id = house.say("first");
        house.model.next().say("ok").end();
        house.awaitTurns(id, 1);
        house.store.fail(StoreException.Kind.BROKEN);
        assertThatThrownBy(() -> house.chat.post(id, null, "lost")).isInstanceOf(ChatException.class);
        assertThat(house.model.next().awaitCancel()).isTrue();
        house.store.heal();
        house.chat.post(id, null, "second");
        ScriptedModel.Answer answer = house.model.next();
        assertThat(answer.asked()).isEqualTo("second");
        answer.say("ok").end();
        house.awaitTurns(id, 2);
        assertThat(house.events(id, EventType.MESSAGE_USER)).hasSize(2);
    }

    @Test
    void aServerThatFloodsWhileNothingCanBeStoredIsCutOff() throws Exception {
        String id = house.say("go");
        ScriptedModel.Answer answer = house.model.next();
        house.store.fail(StoreException.Kind.UNAVAILABLE);
        String much = "x".repeat(1 << 16);
        for (int i = 0; i < 200; i++) {
            answer.say(much);
        }
        house.store.heal();
        assertThat(answer.awaitCancel()).isTrue();
        house.awaitTurns(id, 1);
        assertThat(house.latest(id, EventType.MESSAGE_FINISHED, "reason")).isEqualTo("length");
        assertThat(house.answer(id).length()).isLessThanOrEqualTo(5 << 20);
    }

    @Test
    void aCharacterThatIsCutByASwapIsWhole() throws Exception {
        byte[] umlaut = "\u00e4".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        house.sandboxes.behaviour = program -> program.print("one ").print(new byte[] {umlaut[0]});
        String id = house.say("go");
        house.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        Sandboxes.Program program = house.sandboxes.next();
        house.awaitTransient(id, EventType.CALL_OUTPUT_DELTA);
        house.runner.detach();
        house.services.runners.remove(house.runner);
        house.services.runners.add(house.sandboxes.runner(), Map.of());
        program.print(new byte[] {umlaut[1]}).exit(0);
        assertThat(house.model.next().asked()).isEqualTo("RESULT 1 completed one \u00e4");
    }

    @Test
    void aRunnerThatIsAwayWhenACallShallRunIsWaitedFor() throws Exception {
        house.services.runners.remove(house.runner);
        String id = house.say("go");
        house.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        house.await(id, EventType.CALL_STARTED);
        house.services.runners.add(house.runner, Map.of());
        assertThat(house.model.next().asked()).contains("RESULT 1 completed");
    }

    @Test
    void aRunnerThatRefusesMakesTheCallFailWithTheReason() throws Exception {
        house.sandboxes.behaviour = program -> program.exit(0);
        house.services.runners.remove(house.runner);
        house.runner.refusal = new RunnerException(RunnerException.Kind.IMAGE, "no image: build it");
        house.services.runners.add(house.runner, Map.of());
        String id = house.say("go");
        house.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        assertThat(house.model.next().asked()).isEqualTo("RESULT 1 failed no image: build it");
        assertThat(house.types(id)).contains(EventType.CALL_STARTED);
    }

    @Test
    void aStoreThatIsReplacedIsWaitedForAndNothingIsWrittenTwice() throws Exception {
        String id = house.say("go");
        ScriptedModel.Answer answer = house.model.next();
        answer.say("before ");
        house.store.fail(StoreException.Kind.UNAVAILABLE);
        answer.say("after").end();
        CompletableFuture<String> posted = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return house.chat.post(id, "m9", "next");
                    } catch (ChatException e) {
                        throw new IllegalStateException(e);
                    }
                },
                house.scripts);
        house.services.stores.remove(house.store);
        assertThat(house.events(id, EventType.TURN_FINISHED)).isEmpty();
        house.services.stores.add(house.disk.open(), Map.of());
        assertThat(posted.get(25, TimeUnit.SECONDS)).isEqualTo("m9");
        house.model.next().say("ok").end();
        house.awaitTurns(id, 2);
        assertThat(house.answer(id)).isEqualTo("before afterok");
        assertThat(house.events(id, EventType.MESSAGE_FINISHED)).hasSize(2);
    }

    @Test
    void protocolAndRegistryMayBeAwayForAMoment() throws Exception {
        house.services.protocols.remove(house.protocol);
        house.services.registries.remove(house.registry);
        String id = house.say("go");
        house.services.registries.add(house.registry, Map.of());
        house.services.protocols.add(house.protocol, Map.of());
        ScriptedModel.Answer answer = house.model.next();
        house.services.registries.remove(house.registry);
        house.services.protocols.remove(house.protocol);
        answer.say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        house.await(id, EventType.MESSAGE_FINISHED);
        house.services.registries.add(house.registry, Map.of());
        house.services.protocols.add(house.protocol, Map.of());
        assertThat(house.model.next().asked()).contains("RESULT 1");
    }

    @Test
    void aSourceThatIsReplacedTakesItsActionsAwayForAMomentOnly() throws Exception {
        String id = house.say("go");
        ScriptedModel.Answer answer = house.model.next();
        var installed = house.registry.installed;
        answer.say("@call 1 fs.write {\"path\":\"a\"}\n");
        house.await(id, EventType.CALL_REQUESTED);
        house.registry.installed = List.of();
        answer.end();
        house.await(id, EventType.MESSAGE_FINISHED);
        house.registry.installed = installed;
        ScriptedModel.Answer next = house.model.next();
        assertThat(next.asked()).contains("RESULT 1 completed");
        assertThat(house.events(id, EventType.MESSAGE_NOTICE)).isEmpty();
    }

    @Test
    void whatStaysAwayEndsTheTurnWithARemedy() throws Exception {
        house.close();
        ChatLimits hasty = ChatLimits.DEFAULT.withPatience(Duration.ofMillis(200));
        try (House poor = new House(new Disk(), new Sandboxes(), hasty)) {
            poor.services.protocols.remove(poor.protocol);
            String id = poor.say("go");
            poor.awaitTurns(id, 1);
            assertThat(poor.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("error");
            assertThat(poor.latest(id, EventType.TURN_FINISHED, "detail")).contains("org.rungpt.protocol.tags");
            poor.services.protocols.add(poor.protocol, Map.of());

            poor.services.connections.remove(poor.model);
            poor.chat.resume(id);
            poor.awaitTurns(id, 2);
            assertThat(poor.latest(id, EventType.TURN_FINISHED, "detail")).contains("No connection test");
            poor.services.connections.add(poor.model, Map.of());

            poor.services.runners.remove(poor.runner);
            poor.chat.resume(id);
            poor.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
            assertThat(poor.model.next().asked()).contains("RESULT 1 failed No runner");

            poor.services.stores.remove(poor.store);
            assertThatThrownBy(() -> poor.chat.create(null))
                    .isInstanceOfSatisfying(
                            ChatException.class, e -> assertThat(e.kind()).isEqualTo(ChatException.Kind.UNAVAILABLE));
        }
    }

    @Test
    void chatItselfIsReplacedAndTheConversationGoesOnByItself() throws Exception {
        house.sandboxes.behaviour = program -> program.print("one ");
        String streaming = house.say("talk");
        ScriptedModel.Answer talk = house.model.next();
        talk.say("Half an");
        String called = house.say("call");
        house.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        Sandboxes.Program program = house.sandboxes.next();
        String both = house.say("both");
        ScriptedModel.Answer callAndTalk = house.model.next();
        callAndTalk.say("@call 1 fs.write {\"path\":\"b\"}\n");
        house.await(both, EventType.CALL_REQUESTED);
        house.awaitTransient(streaming, EventType.MESSAGE_DELTA);

        house.close();
        assertThat(talk.awaitCancel()).isTrue();
        assertThat(program.isCancelled()).isFalse();
        assertThatThrownBy(() -> house.chat.post(called, null, "x")).isInstanceOf(ChatException.class);

        house.sandboxes.behaviour = next -> next.print("b").exit(0);
        try (House successor = new House(house.disk, house.sandboxes, ChatLimits.DEFAULT, false)) {
            successor.model.script(
                    (n, answer) -> answer.say("Done: " + answer.asked()).end());
            successor.open();
            program.print("two").exit(0);
            for (String id : List.of(streaming, called, both)) {
                successor.awaitTurns(id, 1);
                assertThat(successor.latest(id, EventType.TURN_FINISHED, "reason"))
                        .isEqualTo("done");
            }
            assertThat(successor.answer(called)).isEqualTo("Done: RESULT 1 completed one two");
            assertThat(successor.answer(both)).isEqualTo("Done: RESULT 1 completed b");
            assertThat(successor.state(streaming).history()).hasSize(2);
            assertThat(successor.sandboxes.started).hasSize(2);
        }
    }

    @Test
    void aProgramIsNotHeldUpByAChatThatHasGone() throws Exception {
        house.sandboxes.behaviour = program -> {};
        String id = house.say("call");
        house.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        Sandboxes.Program program = house.sandboxes.next();
        house.close();
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> program.print("line\n".repeat(1 << 20))
                .exit(0));
        try (House successor = new House(house.disk, house.sandboxes, ChatLimits.DEFAULT)) {
            ScriptedModel.Answer answer = successor.model.next();
            assertThat(answer.asked()).contains("RESULT 1 completed line");
            answer.say("Done.").end();
            successor.awaitTurns(id, 1);
            assertThat(successor.latest(id, EventType.CALL_FINISHED, "stdout")).isEqualTo("" + (5 << 20));
        }
    }

    @Test
    void fiveHundredConversationsStreamOnFewThreads() throws Exception {
        int count = 500;
        var direct = new ScriptedModel(Runnable::run);
        var open = new LinkedBlockingQueue<ScriptedModel.Answer>();
        direct.script((n, answer) -> open.add(answer));
        house.services.connections.add(direct, Map.of("service.ranking", 10));
        var ids = new ArrayList<String>();
        for (int i = 0; i < count; i++) {
            ids.add(house.say("say " + i));
        }
        var answers = new ArrayList<ScriptedModel.Answer>();
        for (int i = 0; i < count; i++) {
            answers.add(Objects.requireNonNull(open.poll(25, TimeUnit.SECONDS), "the model was not asked"));
        }
        for (int word = 0; word < 20; word++) {
            for (ScriptedModel.Answer answer : answers) {
                answer.say("word " + word + " ");
            }
        }
        long threads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("rungpt-chat"))
                .count();
        answers.forEach(ScriptedModel.Answer::end);
        for (String id : ids) {
            house.awaitTurns(id, 1);
            assertThat(house.answer(id)).startsWith("word 0 word 1 ").endsWith("word 19 ");
        }
        assertThat(threads).isLessThan(20);
    }
}
