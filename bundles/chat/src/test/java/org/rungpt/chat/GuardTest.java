package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.action.Effects;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.call.CallStatus;
import org.rungpt.api.chat.Budget;
import org.rungpt.api.chat.Budgets;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.chat.Message;
import org.rungpt.api.chat.Opening;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.Prices;
import org.rungpt.protocol.nativecalls.NativeProtocol;
import org.rungpt.protocol.tags.TagProtocol;

/** What keeps a turn from going on for ever, costing too much, or outgrowing its model. */
final class GuardTest {
    private final AtomicInteger calls = new AtomicInteger();

    private static House house(ChatLimits limits) {
        return new House(new Disk(), new Sandboxes(), limits);
    }

    private static ChatLimits budgets(Spent.Budget turn, Spent.Budget conversation) {
        return ChatLimits.DEFAULT.withLoop(25, 50).withBudgets(turn, conversation);
    }

    private static JsonNode end(House house, String id) {
        var ends = house.events(id, EventType.TURN_FINISHED);
        return Json.object(ends.get(ends.size() - 1).data());
    }

    @Test
    @DisplayName("D.52 a model that always calls is stopped with a visible reason, and Continue goes on")
    void aModelThatAlwaysCallsIsStopped() throws Exception {
        try (House house = house(ChatLimits.DEFAULT.withLoop(10, 50))) {
            house.model.script((n, answer) -> answer.say("@call " + n + " fs.read {\"path\":\"" + n + "\"}\n")
                    .end());
            String id = house.say("go");
            house.awaitTurns(id, 1);
            assertThat(house.model.asked).hasSize(10);
            assertThat(end(house, id).path("reason").asText()).isEqualTo("limit");
            assertThat(end(house, id).path("detail").asText()).contains("10 times");
            assertThat(end(house, id).path("canContinue").asBoolean()).isTrue();
            house.chat.resume(id);
            house.awaitTurns(id, 2);
            assertThat(house.model.asked).hasSize(20);
        }
    }

    @Test
    @DisplayName("D.52 without any setting a turn makes 10 calls in a row, and 50 at most")
    void theDefaultBoundsAreThose() throws Exception {
        assertThat(ChatLimits.DEFAULT.calls()).isEqualTo(50);
        try (House house = house(ChatLimits.DEFAULT)) {
            house.model.script((n, answer) -> answer.say("@call " + n + " fs.read {\"path\":\"" + n + "\"}\n")
                    .end());
            String id = house.say("go");
            house.awaitTurns(id, 1);
            assertThat(house.model.asked).hasSize(10);
            assertThat(house.sandboxes.started).hasSize(10);
            assertThat(end(house, id).path("detail").asText()).contains("10 times");
        }
    }

    @Test
    @DisplayName("D.53 the same call with the same arguments three times running stops the turn")
    void theSameCallThreeTimesStops() throws Exception {
        try (House house = house(ChatLimits.DEFAULT)) {
            house.model.script((n, answer) ->
                    answer.say("@call " + n + " fs.read {\"path\":\"a\"}\n").end());
            String id = house.say("go");
            house.awaitTurns(id, 1);
            assertThat(end(house, id).path("reason").asText()).isEqualTo("repeated");
            assertThat(house.sandboxes.started).hasSize(2);
        }
    }

    @Test
    @DisplayName("D.54 a request over the turn's budget of tokens is refused before it is sent")
    void aTurnsTokensAreCheckedBeforeSending() throws Exception {
        try (House house = house(budgets(new Spent.Budget(0, 400, 0, Duration.ZERO), Spent.Budget.NONE))) {
            house.model.script((n, answer) -> answer.say("@call " + n + " fs.read {\"path\":\"" + n + "\"}\n")
                    .end());
            String id = house.say("go");
            house.awaitTurns(id, 1);
            int asked = house.model.asked.size();
            assertThat(asked).isBetween(1, 12);
            assertThat(end(house, id).path("reason").asText()).isEqualTo("limit");
            assertThat(end(house, id).path("detail").asText())
                    .contains("tokens")
                    .contains("400");
            house.chat.resume(id);
            house.awaitTurns(id, 2);
            assertThat(house.model.asked.size()).isGreaterThan(asked);
        }
    }

    @Test
    @DisplayName("D.54 a request that alone is over the budget is never sent")
    void aRequestThatIsTooLargeForTheBudgetIsNotSent() throws Exception {
        try (House house = house(budgets(new Spent.Budget(0, 1000, 0, Duration.ZERO), Spent.Budget.NONE))) {
            String id = house.say("word ".repeat(5000));
            house.awaitTurns(id, 1);
            assertThat(house.model.asked).isEmpty();
            assertThat(end(house, id).path("reason").asText()).isEqualTo("limit");
        }
    }

    @Test
    @DisplayName("D.54 after an answer of a million tokens the next request is refused before it is sent")
    void anAnswerOfAMillionTokensIsTheLast() throws Exception {
        try (House house = house(budgets(Spent.Budget.NONE, new Spent.Budget(0, 900_000, 0, Duration.ZERO)))) {
            house.model.script((n, answer) -> {
                for (int i = 0; i < 40; i++) {
                    answer.say("word ".repeat(20_000));
                }
                answer.wrote = 1_000_000;
                answer.end();
            });
            String id = house.say("go on for ever");
            house.awaitTurns(id, 1);
            assertThat(house.answer(id)).hasSize(4_000_000);
            assertThat(house.state(id).spent().tokens).isGreaterThanOrEqualTo(1_000_000);
            house.chat.post(id, null, "more");
            house.awaitTurns(id, 2);
            assertThat(house.model.asked).hasSize(1);
            assertThat(end(house, id).path("scope").asText()).isEqualTo("conversation");
            assertThat(end(house, id).path("budget").asText()).isEqualTo("tokens");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tags", "native"})
    @DisplayName("D.54 with two hundred actions the system message and the tools stay within their bounds")
    void twoHundredActionsStayWithinBounds(String protocol) throws Exception {
        try (House house = house(ChatLimits.DEFAULT)) {
            house.services.protocols.remove(house.protocol);
            house.services.protocols.add(new TagProtocol(), Map.of("id", "tags"));
            house.services.protocols.add(new NativeProtocol(), Map.of("id", "native"));
            house.registry.installed = IntStream.range(0, 200)
                    .mapToObj(i -> House.action(
                            "action" + i,
                            "1",
                            true,
                            House.task("read", Effects.READ),
                            House.task("write", Effects.WRITE)))
                    .toList();
            house.model.script((n, answer) -> answer.say("ok").end());
            String id = house.conversation();
            house.chat.change(id, null, null, protocol);
            house.chat.post(id, null, "go");
            house.awaitTurns(id, 1);
            ModelRequest request = house.model.next().request;
            assertThat(request.messages().get(0).text())
                    .contains("action0")
                    .hasSizeLessThan(ChatLimits.DEFAULT.instructionCharacters() + 2000);
            assertThat(request.tools()).hasSizeLessThanOrEqualTo(128);
            assertThat(request.tools().stream()
                            .mapToInt(tool -> tool.name().length()
                                    + tool.description().length()
                                    + tool.parameters().length())
                            .sum())
                    .isLessThan(101_000);
            assertThat(request.tools().isEmpty()).isEqualTo(protocol.equals("tags"));
        }
    }

    @Test
    @DisplayName("D.54 a turn that worked as long as it may asks no more, and Continue grants as much again")
    void aTurnsTimeIsBounded() throws Exception {
        try (House house = house(budgets(new Spent.Budget(0, 0, 0, Duration.ofMillis(2)), Spent.Budget.NONE))) {
            house.model.script((n, answer) -> {
                long began = System.nanoTime();
                while (System.nanoTime() - began < 3_000_000) {
                    Thread.onSpinWait();
                }
                answer.say("@call " + n + " fs.read {\"path\":\"" + n + "\"}\n").end();
            });
            String id = house.say("go");
            house.awaitTurns(id, 1);
            assertThat(house.model.asked).hasSize(1);
            assertThat(end(house, id).path("reason").asText()).isEqualTo("limit");
            assertThat(end(house, id).path("detail").asText()).contains("as long as it may");
            assertThat(end(house, id).path("canContinue").asBoolean()).isTrue();
            house.chat.resume(id);
            house.awaitTurns(id, 2);
            assertThat(house.model.asked).hasSize(2);
        }
    }

    @Test
    @DisplayName("D.54 what a turn may cost bounds it, and Continue grants as much again")
    void aTurnsCostIsBounded() throws Exception {
        try (House house = house(budgets(new Spent.Budget(0, 0, 0.1, Duration.ZERO), Spent.Budget.NONE))) {
            house.model.info = new ModelInfo("one", "One", null, false, new Prices(100, 1000, null));
            house.model.script((n, answer) -> answer.say("@call " + n + " fs.read {\"path\":\"" + n + "\"}\n")
                    .end());
            String id = house.say("go");
            house.awaitTurns(id, 1);
            int asked = house.model.asked.size();
            assertThat(asked).isBetween(1, 24);
            assertThat(end(house, id).path("detail").asText())
                    .contains("This turn cost $")
                    .contains("$0.1000");
            house.chat.resume(id);
            house.awaitTurns(id, 2);
            assertThat(house.model.asked.size()).isGreaterThan(asked);
        }
    }

    @Test
    @DisplayName("D.54 a conversation's tokens and time are bounded over its turns")
    void aConversationsTokensAndTimeAreBounded() throws Exception {
        for (var budget :
                List.of(new Spent.Budget(0, 400, 0, Duration.ZERO), new Spent.Budget(0, 0, 0, Duration.ofMillis(20)))) {
            try (House house = house(budgets(Spent.Budget.NONE, budget))) {
                house.model.script((n, answer) -> {
                    long began = System.nanoTime();
                    while (System.nanoTime() - began < 5_000_000) {
                        Thread.onSpinWait();
                    }
                    answer.say("ok").end();
                });
                String id = house.conversation();
                int turns = 0;
                do {
                    house.chat.post(id, null, "more " + turns);
                    house.awaitTurns(id, ++turns);
                } while (end(house, id).path("reason").asText().equals("done") && turns < 50);
                assertThat(turns).isGreaterThan(1);
                assertThat(end(house, id).path("reason").asText()).isEqualTo("limit");
                assertThat(end(house, id).path("detail").asText()).startsWith("This conversation ");
            }
        }
    }

    @Test
    @DisplayName(
            "D.54 budgets are set for one conversation or for all, count from the next request on, and outlive a restart")
    void budgetsAreSetForOneConversationOrForAll() throws Exception {
        var first = house(ChatLimits.DEFAULT);
        String own = first.conversation();
        String other = first.conversation();
        first.chat.spending().setBudgets(own, steps(3));
        assertThat(first.chat.spending().effective(own).turn().calls()).isEqualTo(50);
        assertThat(askedInATurn(first, own)).isEqualTo(3);
        assertThat(end(first, own).path("detail").asText()).contains("3 times");
        first.chat.spending().setBudgets(null, steps(2));
        assertThat(askedInATurn(first, other)).isEqualTo(2);
        first.kill();

        try (House second = new House(first.disk, first.sandboxes, ChatLimits.DEFAULT)) {
            assertThat(second.chat.spending().budgets(own)).isEqualTo(steps(3));
            assertThat(second.chat.spending().budgets(null)).isEqualTo(steps(2));
            assertThat(askedInATurn(second, own)).isEqualTo(3);
            assertThat(askedInATurn(second, other)).isEqualTo(2);
            second.chat.spending().setBudgets(own, Budgets.NONE);
            assertThat(askedInATurn(second, own)).isEqualTo(2);
            second.chat.spending().setBudgets(null, Budgets.NONE);
            assertThat(askedInATurn(second, own)).isEqualTo(10);
        }
    }

    private static Budgets steps(int number) {
        return new Budgets(new Budget(number, null, null, null, null), Budget.NONE);
    }

    private int askedInATurn(House house, String id) throws Exception {
        house.model.script((n, answer) -> {
            int call = calls.incrementAndGet();
            answer.say("@call " + call + " fs.read {\"path\":\"" + call + "\"}\n")
                    .end();
        });
        int before = house.model.asked.size();
        int turns = house.events(id, EventType.TURN_FINISHED).size();
        house.chat.post(id, null, "go");
        house.awaitTurns(id, turns + 1);
        return house.model.asked.size() - before;
    }

    @Test
    @DisplayName("D.54 what a conversation may cost bounds it, and Continue grants as much again")
    void aConversationsCostIsBounded() throws Exception {
        try (House house = house(budgets(Spent.Budget.NONE, new Spent.Budget(0, 0, 0.02, Duration.ZERO)))) {
            house.model.info = new ModelInfo("one", "One", null, false, new Prices(100, 1000, null));
            house.model.script((n, answer) -> answer.say("ok").end());
            String id = house.conversation();
            int turns = 0;
            do {
                house.chat.post(id, null, "more " + turns);
                house.awaitTurns(id, ++turns);
            } while (end(house, id).path("reason").asText().equals("done") && turns < 20);
            assertThat(end(house, id).path("detail").asText())
                    .contains("This conversation cost $")
                    .contains("$0.0200");
            double cost = house.events(id, EventType.MESSAGE_FINISHED).stream()
                    .mapToDouble(
                            event -> Json.object(event.data()).at("/usage/cost").asDouble())
                    .sum();
            assertThat(cost).isPositive().isLessThanOrEqualTo(0.03);
            house.chat.resume(id);
            house.awaitTurns(id, turns + 1);
            assertThat(end(house, id).path("reason").asText()).isEqualTo("done");
        }
    }

    @Test
    @DisplayName("D.54 who continues after a limit of the turn grants nothing of the conversation's budgets")
    void continuingATurnLeavesTheConversationsBudgets() throws Exception {
        ChatLimits limits = budgets(Spent.Budget.NONE, new Spent.Budget(0, 0, 0.06, Duration.ZERO))
                .withLoop(3, 50);
        try (House house = house(limits)) {
            house.model.info = new ModelInfo("one", "One", null, false, new Prices(100, 1000, null));
            house.model.script((n, answer) -> answer.say("@call " + n + " fs.read {\"path\":\"" + n + "\"}\n")
                    .end());
            String id = house.say("go");
            int turns = 1;
            house.awaitTurns(id, turns);
            assertThat(end(house, id).path("scope").asText()).isEqualTo("turn");
            assertThat(end(house, id).has("budget")).isFalse();
            while (end(house, id).path("scope").asText().equals("turn") && turns < 20) {
                house.chat.resume(id);
                house.awaitTurns(id, ++turns);
            }
            assertThat(turns).isBetween(2, 19);
            assertThat(end(house, id).path("scope").asText()).isEqualTo("conversation");
            assertThat(end(house, id).path("budget").asText()).isEqualTo("dollars");
            Spent before = house.state(id).spent();
            assertThat(before.dollars).isLessThanOrEqualTo(0.06 + 0.01);
            int asked = house.model.asked.size();
            house.chat.resume(id);
            house.awaitTurns(id, turns + 1);
            assertThat(house.model.asked.size()).isGreaterThan(asked);
            Spent after = house.state(id).spent();
            assertThat(after.dollars).isLessThan(before.dollars + 0.02);
            assertThat(after.calls).isEqualTo(before.calls + house.model.asked.size() - asked);
        }
    }

    @Test
    void aLogThatDoesNotTellWhichLimitWasHitFoldsAsItDid() {
        var state = new ConversationState("test/one", "tags");
        state.apply(EventType.TURN_STARTED, Json.object("{\"turn\":\"t1\",\"cause\":\"user\"}"));
        state.apply(EventType.MESSAGE_STARTED, Json.object("{\"message\":\"m1\",\"model\":\"test/one\"}"));
        state.apply(
                EventType.MESSAGE_FINISHED,
                Json.object("{\"message\":\"m1\",\"reason\":\"stop\",\"usage\":{\"input\":70,\"output\":7}}"));
        state.apply(
                EventType.TURN_FINISHED, Json.object("{\"turn\":\"t1\",\"reason\":\"limit\",\"canContinue\":true}"));
        assertThat(state.spent().tokens).isEqualTo(77);
        state.apply(EventType.TURN_STARTED, Json.object("{\"turn\":\"t2\",\"cause\":\"continue\"}"));
        assertThat(state.spent().tokens).isZero();
    }

    @Test
    @DisplayName("D.54 calls of a conversation are bounded over its turns, also after a restart")
    void aConversationsCallsAreBounded() throws Exception {
        ChatLimits limits = budgets(Spent.Budget.NONE, new Spent.Budget(3, 0, 0, Duration.ZERO));
        var first = house(limits);
        first.model.script((n, answer) -> answer.say(
                        answer.asked().startsWith("RESULT")
                                ? "ok"
                                : "@call " + n + " fs.read {\"path\":\"" + n + "\"}\n")
                .end());
        String id = first.say("one");
        first.awaitTurns(id, 1);
        first.chat.post(id, null, "two");
        first.awaitTurns(id, 2);
        first.kill();
        try (House second = new House(first.disk, first.sandboxes, limits)) {
            second.model.script((n, answer) -> answer.say("@call 9" + n + " fs.read {\"path\":\"" + n + "\"}\n")
                    .end());
            second.chat.post(id, null, "three");
            second.awaitTurns(id, 3);
            assertThat(end(second, id).path("detail").asText()).contains("made 3 calls");
        }
    }

    /** A conversation with long outputs, in a model of a small context. */
    private static String grown(House house, int turns) throws Exception {
        house.sandboxes.behaviour =
                program -> program.print("line of output\n".repeat(400)).exit(0);
        house.model.script((n, answer) -> {
            if (answer.request.messages().get(0).text().startsWith("Sum up")) {
                answer.say("SUMMARY " + n).endUncounted();
            } else {
                answer.say(
                                answer.asked().startsWith("RESULT")
                                        ? "ok " + n
                                        : "@call " + n + " fs.read {\"path\":\"" + n + "\"}\n")
                        .end();
            }
        });
        String id = house.conversation();
        for (int i = 1; i <= turns; i++) {
            house.chat.post(id, null, "request " + i + " " + "and more of it ".repeat(60));
            house.awaitTurns(id, i);
            assertThat(end(house, id).path("reason").asText()).isEqualTo("done");
        }
        return id;
    }

    @Test
    void aConversationThatOutgrowsItsModelIsShortenedFirstThenSummedUpAndBothAreShown() throws Exception {
        try (House house = house(ChatLimits.DEFAULT)) {
            house.model.info = new ModelInfo("one", "One", 5000, false);
            String id = grown(house, 12);
            List<String> types = house.types(id);
            assertThat(types).contains(EventType.CONTEXT_SHORTENED, EventType.CONTEXT_SUMMARISED);
            assertThat(types.indexOf(EventType.CONTEXT_SHORTENED))
                    .isLessThan(types.indexOf(EventType.CONTEXT_SUMMARISED));
            assertThat(house.latest(id, EventType.CONTEXT_SUMMARISED, "text")).contains("SUMMARY");
            for (ScriptedModel.Answer answer : house.model.asked) {
                assertThat(Tokens.of(answer.request.messages())).isLessThan(5000);
                if (!answer.request.messages().get(0).text().startsWith("Sum up")) {
                    assertThat(answer.request.messages().get(0).role()).isEqualTo(ModelMessage.Role.SYSTEM);
                    assertThat(answer.request.messages().get(0).text()).contains("actions [");
                }
            }
            History.check(house.state(id).history());
            String last = house.state(id).history().toString();
            assertThat(last).contains("request 12").contains("SUMMARY").doesNotContain("request 1 ");
        }
    }

    @Test
    @DisplayName(
            "G.78 however long a turn: the user's latest message and a system message that came along are sent word by word")
    void theLatestMessageAndSystemMessagesAreNeverCut() throws Exception {
        try (House house = house(ChatLimits.DEFAULT.withLoop(60, 60))) {
            house.model.info = new ModelInfo("one", "One", 6000, false);
            house.sandboxes.behaviour =
                    program -> program.print("line of output\n".repeat(100)).exit(0);
            house.model.script((n, answer) -> {
                if (answer.request.messages().get(0).text().startsWith("Sum up")) {
                    answer.say("SUMMARY " + n).end();
                } else if (n > 60) {
                    answer.say("done").end();
                } else {
                    answer.say("I look, and tell of it at length. ".repeat(8) + "\n@call " + n + " fs.read {\"path\":\""
                                    + n + "\"}\n")
                            .end();
                }
            });
            String system = "Always answer in rhyme. " + "And be kind. ".repeat(40);
            String id = house.chat
                    .open(new Opening(
                            null,
                            null,
                            List.of(
                                    new Opening.Said(Opening.Role.SYSTEM, system),
                                    new Opening.Said(Opening.Role.USER, "earlier words"),
                                    new Opening.Said(Opening.Role.ASSISTANT, "earlier answer"))))
                    .id();
            String request = "Do all of it. " + "and more of it ".repeat(400);
            house.chat.post(id, null, request);
            house.awaitTurns(id, 1);
            assertThat(house.events(id, EventType.CONTEXT_SUMMARISED)).hasSizeGreaterThan(2);
            for (ScriptedModel.Answer answer : house.model.asked) {
                List<String> texts = answer.request.messages().stream()
                        .map(ModelMessage::text)
                        .toList();
                if (!texts.get(0).startsWith("Sum up")) {
                    assertThat(texts).contains(request, "NOTICE " + system);
                }
            }
            History.check(house.state(id).history());
            assertThat(house.state(id).history().toString()).contains("SUMMARY").doesNotContain("earlier answer");
        }
    }

    @Test
    void aSummaryThatFailsLeavesWhatTheUserSaid() throws Exception {
        try (House house = house(ChatLimits.DEFAULT)) {
            house.model.info = new ModelInfo("one", "One", 3000, false);
            house.model.script((n, answer) -> {
                if (answer.request.messages().get(0).text().startsWith("Sum up")) {
                    answer.fail(ModelException.Kind.SERVER);
                } else {
                    answer.say("ok").end();
                }
            });
            String id = house.conversation();
            for (int i = 1; i <= 5; i++) {
                house.chat.post(id, null, "remember " + i + " " + "and more of it ".repeat(150));
                house.awaitTurns(id, i);
            }
            assertThat(house.latest(id, EventType.CONTEXT_SUMMARISED, "text")).contains("- The user said: remember");
            assertThat(end(house, id).path("reason").asText()).isEqualTo("done");
        }
    }

    @Test
    @DisplayName("G.78 a server that finds the conversation too long gets less of it, and the user is told")
    void aServerThatFindsItTooLongGetsLess() throws Exception {
        try (House house = house(ChatLimits.DEFAULT)) {
            var refused = new AtomicInteger();
            house.model.script((n, answer) -> {
                if (answer.request.messages().get(0).text().startsWith("Sum up")) {
                    answer.say("SUMMARY").end();
                } else if (Tokens.of(answer.request.messages()) > 2000) {
                    refused.incrementAndGet();
                    answer.fail(ModelException.Kind.CONTEXT_LENGTH);
                } else {
                    answer.say("ok").end();
                }
            });
            String id = house.conversation();
            for (int i = 1; i <= 6; i++) {
                house.chat.post(id, null, "request " + i + " " + "and more of it ".repeat(120));
                house.awaitTurns(id, i);
                assertThat(end(house, id).path("reason").asText()).isEqualTo("done");
            }
            assertThat(refused.get()).isBetween(1, 4);
            assertThat(house.types(id)).contains(EventType.CONTEXT_SUMMARISED);
            assertThat(house.events(id, EventType.MESSAGE_USER)).hasSize(6);
            assertThat(house.answer(id)).isEqualTo("ok".repeat(6));
        }
    }

    @Test
    @DisplayName("G.78 when nothing more can be left out the turn ends with what helps")
    void whenNothingCanBeLeftOutTheTurnEndsWithTheReason() throws Exception {
        try (House house = house(ChatLimits.DEFAULT)) {
            house.model.script((n, answer) -> answer.fail(ModelException.Kind.CONTEXT_LENGTH));
            String id = house.say("word ".repeat(500));
            house.awaitTurns(id, 1);
            assertThat(end(house, id).path("reason").asText()).isEqualTo("error");
            assertThat(end(house, id).path("detail").asText()).contains("longer than the model takes");
            assertThat(house.model.asked.size()).isLessThan(6);
        }
    }

    @Test
    void aSummaryOfAServerThatCountsNothingIsSpentAllTheSame() throws Exception {
        try (House house = house(ChatLimits.DEFAULT)) {
            house.model.info = new ModelInfo("one", "One", 5000, false);
            String id = grown(house, 12);
            var summary = Json.object(
                    house.events(id, EventType.CONTEXT_SUMMARISED).get(0).data());
            assertThat(summary.path("usage").path("input").asLong()).isGreaterThan(1000);
            assertThat(summary.path("usage").path("output").asLong()).isPositive();
            assertThat(summary.path("usage").path("estimated").asBoolean()).isTrue();
            assertThat(summary.has("durationMillis")).isTrue();
        }
    }

    @Test
    void aLateResultIsNotShortenedForItsInterimOne() {
        var history = new HistoryState();
        var interim = new CallResult("c", "1", "fs.read", CallStatus.WORKING, null, "interim ".repeat(200), 1600, null);
        var late = new CallResult("c", "1", "fs.read", CallStatus.COMPLETED, 0, "late ".repeat(300), 1500, null);
        history.addResults(new Message.Results("m1", List.of(interim)), List.of());
        history.add(new Message.Assistant("m2", List.of(new Message.Part.Text("I wait."))));
        history.addResults(new Message.Results("m3", List.of(late)), List.of());
        List<String> shorten = Context.toShorten(history.messages(), 1_000_000);
        assertThat(shorten).containsExactly("c");
        history.shorten(shorten);
        assertThat(((Message.Results) history.messages().get(0))
                        .results()
                        .get(0)
                        .text())
                .contains("left out");
        assertThat(((Message.Results) history.messages().get(2)).results()).containsExactly(late);
    }

    @Test
    void stopEndsASummaryAndTheTurn() throws Exception {
        try (House house = house(ChatLimits.DEFAULT)) {
            house.model.info = new ModelInfo("one", "One", 700, false);
            house.model.script((n, answer) -> {
                if (n == 1) {
                    answer.say("ok").end();
                }
            });
            String id = house.say("first " + "and more of it ".repeat(100));
            house.awaitTurns(id, 1);
            house.model.next();
            house.chat.post(id, null, "second " + "and more of it ".repeat(100));
            ScriptedModel.Answer summary = house.model.next();
            assertThat(summary.request.messages().get(0).text()).startsWith("Sum up");
            house.chat.stop(id);
            assertThat(summary.awaitCancel()).isTrue();
            house.awaitTurns(id, 2);
            assertThat(end(house, id).path("reason").asText()).isEqualTo("stopped");
            house.awaitState(id, Conversation.State.IDLE);
        }
    }

    @Test
    void theServersCountCorrectsTheEstimate() throws Exception {
        try (House house = house(ChatLimits.DEFAULT)) {
            house.model.script((n, answer) -> answer.say("ok").end());
            String id = house.say("some words to count");
            house.awaitTurns(id, 1);
            assertThat(house.state(id).tokenFactor()).isNotEqualTo(1);
        }
    }

    @Test
    void tokensAreEstimatedAsTokenizersCut() {
        assertThat(Tokens.of("The quick brown fox jumps over the lazy dog.")).isBetween(9L, 13L);
        assertThat(Tokens.of("for (int i = 0; i < 10; i++) { sum += i; }")).isBetween(15L, 32L);
        assertThat(Tokens.of("你好世界今天天气很好")).isBetween(7L, 14L);
        assertThat(Tokens.of("Donaudampfschifffahrtsgesellschaft")).isBetween(7L, 14L);
        assertThat(Tokens.of("1234567890")).isBetween(3L, 5L);
        assertThat(Tokens.of("")).isZero();
    }
}
