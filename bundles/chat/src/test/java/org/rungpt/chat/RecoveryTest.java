package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.chat.Message;

/** What becomes of conversations when RunGPT ends without a word and starts again. */
final class RecoveryTest {
    private static final int ENDED = 3;

    /** A turn with everything in it: harmless calls, calls with effects, a wrong one, an approval, a cut. */
    private static void script(int number, ScriptedModel.Answer answer) {
        String asked = answer.asked();
        if (asked.equals("begin")) {
            answer.think("hm")
                    .say("First.\n@call 1 fs.read {\"path\":\"a\"}\n@call 2 fs.write {\"path\":\"b\"}\n")
                    .end();
        } else if (asked.contains("RESULT 1 ")) {
            answer.say(
                            "@call 3 plot.draw {\"path\":\"c\"}\n@call 4 fs.read {\"path\":7}\n@call 5 fs.read {\"path\":\"d\"}\nand so")
                    .end();
        } else {
            answer.say("The end " + number + ".").end();
        }
    }

    /** Approves whatever waits until the conversation is quiet. */
    private static void bringToTheEnd(House house, String id) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (true) {
            house.await(id, log -> house.disk.conversations.get(id).state() != Conversation.State.RUNNING, "rest");
            if (house.disk.conversations.get(id).state() == Conversation.State.IDLE) {
                return;
            }
            assertThat(System.nanoTime()).isLessThan(deadline);
            for (CallState call : house.state(id).calls().values()) {
                if (call.phase == CallState.Phase.WAITING) {
                    decideIfItStillWaits(house, id, call.id);
                }
            }
        }
    }

    private static void decideIfItStillWaits(House house, String id, String call) throws ChatException {
        try {
            house.chat.decide(id, call, new Decision(true, Decision.Scope.ONCE, null));
        } catch (ChatException e) {
            if (e.kind() != ChatException.Kind.CONFLICT) {
                throw e;
            }
        }
    }

    private static void checkInvariants(House house, String id) {
        ConversationState state = house.state(id);
        History.check(state.history());
        assertThat(state.turn()).isNull();
        assertThat(state.calls()).isEmpty();
        assertThat(new HashSet<>(house.sandboxes.started)).hasSameSizeAs(house.sandboxes.started);
        List<String> requested = calls(house, id, EventType.CALL_REQUESTED);
        assertThat(calls(house, id, EventType.CALL_FINISHED)).containsExactlyInAnyOrderElementsOf(requested);
        assertThat(calls(house, id, EventType.CALL_STARTED)).doesNotHaveDuplicates();
        assertThat(house.events(id, EventType.MESSAGE_FINISHED))
                .hasSameSizeAs(house.events(id, EventType.MESSAGE_STARTED));
        assertThat(house.events(id, EventType.MESSAGE_USER)).isNotEmpty();
        long seq = 0;
        for (ConversationEvent event : house.log(id)) {
            assertThat(event.seq()).isEqualTo(++seq);
        }
    }

    private static List<String> calls(House house, String id, String type) {
        return house.events(id, type).stream()
                .map(event -> Json.object(event.data()).path("call").asText())
                .toList();
    }

    private static void sayMore(House house, String id) throws Exception {
        int turns = house.events(id, EventType.TURN_FINISHED).size();
        house.chat.post(id, null, "more");
        house.awaitTurns(id, turns + 1);
        bringToTheEnd(house, id);
        assertThat(house.answer(id)).contains("The end");
        checkInvariants(house, id);
    }

    /** The whole log of a turn in which nothing went wrong. */
    private static List<ConversationEvent> undisturbed(House house, String[] id) throws Exception {
        house.model.script(RecoveryTest::script);
        id[0] = house.say("begin");
        bringToTheEnd(house, id[0]);
        checkInvariants(house, id[0]);
        return house.log(id[0]);
    }

    /** What became of a program whose end RunGPT did not see. */
    private enum Fate {
        LOST,
        RUNNING,
        ENDED
    }

    @Test
    @DisplayName("F.64 a log that ends after any event is brought to a good end")
    void aLogThatEndsAfterAnyEventIsBroughtToAGoodEnd() throws Exception {
        try (House first = new House()) {
            String[] id = new String[1];
            List<ConversationEvent> log = undisturbed(first, id);
            Conversation conversation = first.disk.conversations.get(id[0]);
            assertThat(log).hasSizeGreaterThan(30);
            for (Fate fate : Fate.values()) {
                for (int length = 1; length <= log.size(); length++) {
                    List<ConversationEvent> prefix = log.subList(0, length);
                    if (fate == Fate.LOST || running(prefix) != null) {
                        continueFrom(first, conversation, prefix, fate);
                    }
                }
            }
        }
    }

    private static String running(List<ConversationEvent> log) {
        String running = null;
        for (ConversationEvent event : log) {
            String call = Json.object(event.data()).path("call").asText();
            if (event.type().equals(EventType.CALL_STARTED)) {
                running = call;
            } else if (event.type().equals(EventType.CALL_FINISHED) && call.equals(running)) {
                running = null;
            }
        }
        return running;
    }

    private static void continueFrom(House first, Conversation conversation, List<ConversationEvent> prefix, Fate fate)
            throws Exception {
        var disk = new Disk();
        disk.put(conversation, prefix);
        var sandboxes = new Sandboxes();
        String running = running(prefix);
        Sandboxes.Program program = null;
        if (running != null) {
            sandboxes.started.add(running);
            if (fate != Fate.LOST) {
                program = new Sandboxes.Program(first.sandboxes.programs.get(running).spec);
                sandboxes.programs.put(running, program);
                program.print("ran " + program.spec.arguments() + "\n");
                if (fate == Fate.ENDED) {
                    program.exit(0);
                }
            }
        }
        try (House second = new House(disk, sandboxes, ChatLimits.DEFAULT, false)) {
            second.model.script(RecoveryTest::script);
            second.open();
            if (fate == Fate.RUNNING && program != null) {
                program.exit(0);
            }
            bringToTheEnd(second, conversation.id());
            checkInvariants(second, conversation.id());
            if (running != null) {
                String status = statusOf(second, conversation.id(), running);
                if (fate == Fate.LOST) {
                    assertThat(status).isIn("interrupted", "unknown");
                } else {
                    assertThat(status).isEqualTo("completed");
                }
            }
            sayMore(second, conversation.id());
        }
    }

    private static String statusOf(House house, String id, String call) {
        return house.events(id, EventType.CALL_FINISHED).stream()
                .map(event -> Json.object(event.data()))
                .filter(data -> data.path("call").asText().equals(call))
                .map(data -> data.path("status").asText())
                .findFirst()
                .orElse("none");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("F.65 a process that dies at any append loses nothing and runs nothing twice")
    void aProcessThatDiesAtAnyAppendLosesNothingAndRunsNothingTwice(boolean committed) throws Exception {
        for (int append = 2; append < 40; append++) {
            var first = new House();
            first.model.script(RecoveryTest::script);
            String id = first.conversation();
            // The message is the first; what follows it may be there before this thread goes on.
            first.store.dieAtAppend(append, committed);
            first.chat.post(id, "m0", "begin");
            boolean died = runUntilItDies(first, id);
            first.kill();
            var store = first.disk;
            try (House second = new House(store, first.sandboxes, ChatLimits.DEFAULT, false)) {
                second.model.script(RecoveryTest::script);
                second.open();
                bringToTheEnd(second, id);
                checkInvariants(second, id);
                sayMore(second, id);
            }
            if (!died) {
                assertThat(append).isGreaterThan(5);
                return;
            }
        }
        throw new AssertionError("the turn never ended");
    }

    /** @return false if it came to the end of the turn first */
    private static boolean runUntilItDies(House house, String id) throws Exception {
        while (true) {
            if (house.store.isDead()) {
                return true;
            }
            Conversation.State state = house.disk.conversations.get(id).state();
            if (state == Conversation.State.IDLE) {
                return false;
            }
            if (state == Conversation.State.WAITING) {
                for (CallState call : house.state(id).calls().values()) {
                    if (call.phase == CallState.Phase.WAITING) {
                        try {
                            house.chat.decide(id, call.id, new Decision(true, Decision.Scope.ONCE, null));
                        } catch (ChatException e) {
                            assertThat(e.kind()).isIn(ChatException.Kind.UNAVAILABLE, ChatException.Kind.CONFLICT);
                        }
                    }
                }
            }
            Thread.onSpinWait();
        }
    }

    @Test
    @DisplayName("F.64 a partial answer is kept and marked interrupted")
    void aPartialAnswerIsKeptAndMarkedInterrupted() throws Exception {
        var first = new House();
        String id = first.say("talk");
        first.model.next().say("Once upon a time");
        first.await(id, EventType.MESSAGE_TEXT);
        first.kill();
        try (House second = new House(first.disk, first.sandboxes, ChatLimits.DEFAULT)) {
            second.awaitTurns(id, 1);
            assertThat(second.latest(id, EventType.MESSAGE_FINISHED, "reason")).isEqualTo("interrupted");
            assertThat(second.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("interrupted");
            assertThat(second.latest(id, EventType.TURN_FINISHED, "canContinue"))
                    .isEqualTo("true");
            assertThat(second.answer(id)).isEqualTo("Once upon a time");
            second.chat.resume(id);
            second.model.next().say(" there was").end();
            second.awaitTurns(id, 2);
        }
    }

    @Test
    void anAnswerOfWhichNothingHadArrivedIsAskedForAgain() throws Exception {
        var first = new House();
        String id = first.say("talk");
        first.model.next();
        first.kill();
        try (House second = new House(first.disk, first.sandboxes, ChatLimits.DEFAULT)) {
            second.model.next().say("here").end();
            second.awaitTurns(id, 1);
            assertThat(second.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("done");
            assertThat(second.state(id).history()).hasSize(2);
        }
    }

    @Test
    @DisplayName("F.65 a running call is adopted with its complete output")
    void aRunningCallIsAdoptedWithItsCompleteOutput() throws Exception {
        var first = new House();
        first.sandboxes.behaviour = program -> program.print("one ");
        String id = first.say("go");
        first.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        Sandboxes.Program program = first.sandboxes.next();
        first.await(id, EventType.CALL_OUTPUT);
        first.kill();
        program.print("two ");
        try (House second = new House(first.disk, first.sandboxes, ChatLimits.DEFAULT)) {
            program.print("three").exit(0);
            assertThat(second.model.next().asked()).isEqualTo("RESULT 1 completed one two three");
            assertThat(second.sandboxes.started).hasSize(1);
        }
    }

    @Test
    @DisplayName("D.46 an approval may come long after a restart")
    void anApprovalMayComeLongAfterARestart() throws Exception {
        var first = new House();
        String id = first.say("draw");
        first.model.next().say("@call 1 plot.draw {\"path\":\"a\"}\n").end();
        first.awaitState(id, Conversation.State.WAITING);
        first.kill();
        try (House second = new House(first.disk, first.sandboxes, ChatLimits.DEFAULT)) {
            String call = second.latest(id, EventType.CALL_REQUESTED, "call");
            second.chat.decide(id, call, new Decision(true, Decision.Scope.ONCE, null));
            assertThat(second.model.next().asked()).contains("RESULT 1 completed");
            assertThat(second.sandboxes.started).containsExactly(call);
        }
    }

    @Test
    void aStopOutlivesACrash() throws Exception {
        var first = new House();
        first.sandboxes.behaviour = program -> {};
        String id = first.say("go");
        first.model.next().say("@call 1 fs.write {\"path\":\"a\"}\n").end();
        first.sandboxes.next();
        var log = new ArrayList<>(first.log(id));
        first.kill();
        var disk = new Disk();
        log.add(new ConversationEvent(
                id, log.size() + 1, log.get(0).at(), EventType.TURN_STOPPING, "{\"turn\":\"t\"}"));
        disk.put(first.disk.conversations.get(id), log);
        try (House second = new House(disk, first.sandboxes, ChatLimits.DEFAULT)) {
            second.awaitTurns(id, 1);
            assertThat(second.latest(id, EventType.CALL_FINISHED, "status")).isEqualTo("cancelled");
            assertThat(second.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("stopped");
            Message last = second.state(id).history().get(ENDED - 1);
            assertThat(last).isInstanceOf(Message.Results.class);
        }
    }
}
