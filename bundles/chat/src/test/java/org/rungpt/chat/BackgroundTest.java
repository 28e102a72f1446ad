package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.Task;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.EventType;

/** Calls that outlast the model's patience: an interim result now, the real one later, by itself. */
final class BackgroundTest {
    private static final ChatLimits SHORT = ChatLimits.DEFAULT.withForeground(Duration.ofMillis(20));

    private static void answers(House house) {
        house.model.script((n, answer) -> {
            if (answer.asked().equals("go")) {
                answer.say("@call 1 fs.write {\"path\":\"a\"}\n").end();
            } else {
                answer.say("heard " + answer.asked() + ". ").end();
            }
        });
    }

    @Test
    void aCallThatOutlastsItsForegroundTimeGivesAnInterimResultAndTheRealOneStartsATurn() throws Exception {
        try (House house = new House(new Disk(), new Sandboxes(), SHORT)) {
            house.sandboxes.behaviour = program -> program.print("half ");
            answers(house);
            String id = house.say("go");
            house.awaitTurns(id, 1);
            assertThat(house.answer(id))
                    .contains("heard RESULT 1 working half ")
                    .contains("do not make the call again");
            assertThat(house.disk.conversations.get(id).state()).isEqualTo(Conversation.State.RUNNING);
            house.sandboxes.next().print("whole").exit(0);
            house.awaitTurns(id, 2);
            assertThat(house.answer(id)).contains("heard RESULT 1 completed half whole");
            assertThat(house.latest(id, EventType.TURN_STARTED, "cause")).isEqualTo("output");
            house.awaitState(id, Conversation.State.IDLE);
            assertThat(house.sandboxes.started).hasSize(1);
        }
    }

    @Test
    void aTaskThatIsDeclaredBackgroundDoesNotKeepTheModelWaiting() throws Exception {
        try (House house = new House()) {
            Task task = House.task("write", Effects.WRITE);
            house.registry.installed = List.of(House.action(
                    "fs",
                    "1",
                    true,
                    new Task(
                            "write",
                            "Slow.",
                            task.parameters(),
                            List.of(),
                            Effects.WRITE,
                            false,
                            true,
                            Duration.ofHours(1),
                            Task.Output.TEXT)));
            house.sandboxes.behaviour = program -> {};
            answers(house);
            // However long this takes, it is not for the time that the model is kept waiting for other calls.
            house.holdTime();
            String id = house.say("go");
            house.awaitTurns(id, 1);
            assertThat(house.answer(id)).contains("RESULT 1 working");
            house.chat.post(id, null, "and?");
            house.awaitTurns(id, 2);
            assertThat(house.answer(id)).contains("heard and?");
            house.sandboxes.next().print("late").exit(0);
            house.awaitTurns(id, 3);
            assertThat(house.answer(id)).contains("heard RESULT 1 completed late");
        }
    }

    @Test
    void aBackgroundCallIsAdoptedAfterARestartWithItsCompleteOutput() throws Exception {
        var first = new House(new Disk(), new Sandboxes(), SHORT);
        first.sandboxes.behaviour = program -> program.print("half ");
        answers(first);
        String id = first.say("go");
        first.awaitTurns(id, 1);
        first.kill();
        Sandboxes.Program program = first.sandboxes.next();
        program.print("whole").exit(0);
        try (House second = new House(first.disk, first.sandboxes, SHORT, false)) {
            answers(second);
            second.open();
            second.awaitTurns(id, 2);
            assertThat(second.answer(id)).contains("heard RESULT 1 completed half whole");
            assertThat(second.sandboxes.started).hasSize(1);
        }
    }

    @Test
    void aBackgroundCallOfWhichNobodyKnowsIsUnknownAndNeverRunAgain() throws Exception {
        var first = new House(new Disk(), new Sandboxes(), SHORT);
        first.sandboxes.behaviour = program -> {};
        answers(first);
        String id = first.say("go");
        first.awaitTurns(id, 1);
        first.kill();
        try (House second = new House(first.disk, new Sandboxes(), SHORT, false)) {
            answers(second);
            second.open();
            second.awaitTurns(id, 2);
            assertThat(second.answer(id)).contains("heard RESULT 1 unknown");
            assertThat(second.sandboxes.started).isEmpty();
        }
    }

    @Test
    void aBackgroundCallCanBeCancelled() throws Exception {
        try (House house = new House(new Disk(), new Sandboxes(), SHORT)) {
            house.sandboxes.behaviour = program -> {};
            answers(house);
            String id = house.say("go");
            house.awaitTurns(id, 1);
            house.chat.stop(id);
            Sandboxes.Program program = house.sandboxes.next();
            assertThat(program.isCancelled()).isFalse();
            house.chat.cancel(id, program.spec.call());
            house.awaitTurns(id, 2);
            assertThat(house.answer(id)).contains("heard RESULT 1 cancelled");
        }
    }

    @Test
    void lateResultsDoNotBeginTurnsForEver() throws Exception {
        try (House house = new House(new Disk(), new Sandboxes(), SHORT)) {
            house.sandboxes.behaviour = program -> new Thread(() -> {
                        try {
                            house.await(
                                    program.spec.conversation(),
                                    log -> log.stream()
                                                    .filter(event ->
                                                            event.type().equals(EventType.TURN_FINISHED))
                                                    .count()
                                            >= house.sandboxes.started.size(),
                                    "the turn's end");
                            program.exit(0);
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    })
                    .start();
            house.model.script((n, answer) -> answer.say(
                            answer.asked().contains(" working ")
                                    ? "wait"
                                    : "@call " + n + " fs.write {\"path\":\"" + n + "\"}\n")
                    .end());
            String id = house.say("go");
            house.awaitTurns(id, 12);
            assertThat(house.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("limit");
            assertThat(house.latest(id, EventType.TURN_FINISHED, "detail")).contains("turns in a row");
        }
    }

    /** Whatever the log's last event is, the next life brings everything to a good end and starts nothing twice. */
    @Test
    void aLogWithABackgroundCallThatEndsAfterAnyEventIsBroughtToAGoodEnd() throws Exception {
        try (House first = new House(new Disk(), new Sandboxes(), SHORT)) {
            first.sandboxes.behaviour = program -> program.print("half ");
            answers(first);
            String id = first.say("go");
            first.awaitTurns(id, 1);
            Sandboxes.Program ran = first.sandboxes.next();
            ran.print("whole").exit(0);
            first.awaitTurns(id, 2);
            first.awaitState(id, Conversation.State.IDLE);
            List<ConversationEvent> log = first.log(id);
            for (int length = 1; length <= log.size(); length++) {
                var disk = new Disk();
                disk.put(first.disk.conversations.get(id), log.subList(0, length));
                var sandboxes = new Sandboxes();
                sandboxes.behaviour = program -> program.print("half whole").exit(0);
                boolean started = log.subList(0, length).stream()
                        .anyMatch(event -> event.type().equals(EventType.CALL_STARTED));
                if (started) {
                    sandboxes.started.add(ran.spec.call());
                    var program = new Sandboxes.Program(ran.spec);
                    sandboxes.programs.put(ran.spec.call(), program);
                    program.print("half whole").exit(0);
                }
                try (House second = new House(disk, sandboxes, ChatLimits.DEFAULT, false)) {
                    answers(second);
                    second.open();
                    second.awaitState(id, Conversation.State.IDLE);
                    assertThat(sandboxes.started).hasSizeLessThanOrEqualTo(1);
                    History.check(second.state(id).history());
                    assertThat(second.state(id).background()).isEmpty();
                    if (started) {
                        assertThat(second.answer(id)).contains("RESULT 1 completed half whole");
                    }
                }
            }
        }
    }
}
