package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.action.Effects;
import org.rungpt.api.chat.Access;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.chat.GrantSet;
import org.rungpt.api.chat.Policy;
import org.rungpt.api.runner.Grants;

/** Who is asked about which call, and that exactly what was shown runs, once. */
final class ApprovalTest {
    private final House house = new House();

    @BeforeEach
    void install() {
        house.registry.installed = List.of(
                House.action("fs", "1", true, House.task("read", Effects.READ), House.task("write", Effects.WRITE)),
                House.action("plot", "1", false, House.task("draw", Effects.WRITE)),
                House.action(
                        "web",
                        "1",
                        false,
                        false,
                        List.of("example.org:443"),
                        List.of(),
                        List.of(),
                        House.task("get", Effects.READ)));
    }

    @AfterEach
    void close() {
        house.close();
    }

    /** The model answers each message of the form "task json" with that call. */
    private String ask(String... calls) throws Exception {
        house.model.script((n, answer) -> {
            String asked = answer.asked();
            answer.say(asked.startsWith("RESULT") ? "told " + asked : "@call " + n + " " + asked + "\n")
                    .end();
        });
        String id = house.conversation();
        for (String call : calls) {
            say(id, call);
        }
        return id;
    }

    private void say(String id, String call) throws Exception {
        int turns = house.events(id, EventType.TURN_FINISHED).size();
        house.chat.post(id, null, call);
        house.await(
                id,
                log -> house.disk.conversations.get(id).state() == Conversation.State.WAITING
                        || house.events(id, EventType.TURN_FINISHED).size() > turns,
                "an approval or the turn's end");
    }

    private boolean isWaiting(String id) {
        return house.disk.conversations.get(id).state() == Conversation.State.WAITING;
    }

    private JsonNode card(String id) {
        var all = house.events(id, EventType.APPROVAL_REQUESTED);
        return Json.object(all.get(all.size() - 1).data());
    }

    private void allow(String id, Decision.Scope scope) throws Exception {
        int turns = house.events(id, EventType.TURN_FINISHED).size();
        house.chat.decide(id, card(id).path("call").asText(), new Decision(true, scope, null));
        house.awaitTurns(id, turns + 1);
    }

    private static void conflict(ThrowingCallable task) {
        assertThatThrownBy(task).isInstanceOfSatisfying(ChatException.class, e -> assertThat(e.kind())
                .isEqualTo(ChatException.Kind.CONFLICT));
    }

    private static Decision edited(String arguments) {
        return new Decision(true, Decision.Scope.ONCE, null, null, arguments, null);
    }

    @Test
    @DisplayName("D.46 the user edits the arguments: exactly these run, once, and the model is told")
    void editedArgumentsRunExactlyAsEdited() throws Exception {
        String id = ask("plot.draw {\"path\":\"a\"}");
        String call = card(id).path("call").asText();
        assertThatThrownBy(() -> house.chat.decide(id, call, edited("{\"path\":7}")))
                .hasMessageContaining("/path");
        assertThatThrownBy(() -> house.chat.decide(id, call, edited("[]"))).hasMessageContaining("no JSON object");
        house.chat.decide(id, call, edited("{\"path\":\"b \\u202e\"}"));
        assertThat(house.sandboxes.next().spec.arguments()).isEqualTo("{\"path\":\"b \u202e\"}");
        house.awaitTurns(id, 1);
        assertThat(house.answer(id)).contains("The user changed the arguments before it ran");
        assertThat(house.sandboxes.started).hasSize(1);
    }

    @Test
    @DisplayName("D.46 a double click, a second tab: one decision counts, the other is told, the call runs once")
    void manyDecisionsRunTheCallOnce() throws Exception {
        String id = ask("plot.draw {\"path\":\"a\"}");
        String call = card(id).path("call").asText();
        int clicks = 8;
        var barrier = new CyclicBarrier(clicks);
        var refused = new java.util.concurrent.atomic.AtomicInteger();
        Callable<Boolean> click = () -> {
            barrier.await();
            try {
                house.chat.decide(
                        id, call, edited("{\"path\":\"" + Thread.currentThread().getId() + "\"}"));
            } catch (ChatException e) {
                assertThat(e.kind()).isEqualTo(ChatException.Kind.CONFLICT);
                refused.incrementAndGet();
            }
            return true;
        };
        for (Future<Boolean> done : house.scripts.invokeAll(java.util.Collections.nCopies(clicks, click))) {
            done.get();
        }
        house.awaitTurns(id, 1);
        assertThat(refused).hasValue(clicks - 1);
        assertThat(house.sandboxes.started).containsExactly(call);
        String decided = Json.object(
                        house.events(id, EventType.APPROVAL_DECIDED).get(0).data())
                .path("arguments")
                .toString();
        assertThat(house.sandboxes.next().spec.arguments()).isEqualTo(decided);
    }

    @Test
    @DisplayName("D.46 another approval than the one shown, another conversation, too late: nothing runs")
    void aDecisionOnSomethingElseDecidesNothing() throws Exception {
        String id = ask("plot.draw {\"path\":\"a\"}");
        String call = card(id).path("call").asText();
        conflict(() ->
                house.chat.decide(id, call, new Decision(true, Decision.Scope.ONCE, null, "a_other", null, null)));
        String other = house.conversation();
        assertThatThrownBy(() -> house.chat.decide(other, call, new Decision(true, Decision.Scope.ONCE, null)))
                .isInstanceOfSatisfying(
                        ChatException.class, e -> assertThat(e.kind()).isEqualTo(ChatException.Kind.NOT_FOUND));
        house.chat.stop(id);
        house.awaitTurns(id, 1);
        conflict(() -> house.chat.decide(id, call, new Decision(true, Decision.Scope.ONCE, null)));
        assertThat(house.sandboxes.started).isEmpty();
    }

    @Test
    @DisplayName("D.46 days later and after restarts exactly the displayed bytes run, once")
    void anApprovalDaysLaterRunsTheBytesThatWereShown() throws Exception {
        house.registry.installed = List.of(House.action("plot", "1", false, House.open("draw")));
        String written =
                "{\"word\":\"a \\u202e\u00e9\ud83d\ude00 \\\\n\\t<b>&amp;\",\"n\":1.10,\"big\":123456789012345678901234567890,"
                        + "\"b\":{\"z\":1,\"a\":[ null,true ]},\"tail\":\"" + "x".repeat(10_000) + "; rm -rf /\"}";
        String id = ask("plot.draw " + written);
        String call = card(id).path("call").asText();
        String shown = arguments(house, id);
        assertThat(Json.object(shown)).isEqualTo(Json.object(written));
        assertThat(shown).contains("1.10", "123456789012345678901234567890", "; rm -rf /");
        house.kill();
        // Days go by, and more than one restart.
        new House(house.disk, house.sandboxes, ChatLimits.DEFAULT).kill();
        try (House second = new House(house.disk, house.sandboxes, ChatLimits.DEFAULT)) {
            second.model.script((n, answer) -> answer.say("ok").end());
            second.registry.installed = house.registry.installed;
            assertThat(arguments(second, id)).isEqualTo(shown);
            second.chat.decide(id, call, new Decision(true, Decision.Scope.ONCE, null));
            second.awaitTurns(id, 1);
            byte[] ran = second.sandboxes.next().spec.arguments().getBytes(StandardCharsets.UTF_8);
            assertThat(ran).isEqualTo(shown.getBytes(StandardCharsets.UTF_8));
            assertThat(second.sandboxes.started).containsExactly(call);
            conflict(() -> second.chat.decide(id, call, new Decision(true, Decision.Scope.ONCE, null)));
        }
    }

    /** As they stand in the event that the page shows. */
    private static String arguments(House house, String id) {
        String data = house.events(id, EventType.CALL_REQUESTED).get(0).data();
        return Json.object(data).path("arguments").toString();
    }

    @ParameterizedTest
    @EnumSource(Decision.Scope.class)
    @DisplayName(
            "D.46 days later and after a restart another version than the one that was shown does not run, nor is it given what it wants")
    void anApprovalDaysLaterRunsNoOtherVersion(Decision.Scope scope) throws Exception {
        String id = ask("plot.draw {\"path\":\"a\"}");
        String call = card(id).path("call").asText();
        house.kill();
        try (House second = new House(house.disk, house.sandboxes, ChatLimits.DEFAULT)) {
            second.model.script(
                    (n, answer) -> answer.say("told " + answer.asked()).end());
            second.registry.installed = List.of(House.action(
                    "plot",
                    "2",
                    false,
                    false,
                    List.of("example.org:443"),
                    List.of(),
                    List.of(),
                    House.task("draw", Effects.WRITE)));
            second.chat.decide(id, call, new Decision(true, scope, null));
            second.awaitTurns(id, 1);
            assertThat(second.latest(id, EventType.CALL_FINISHED, "message"))
                    .contains("was replaced by another version");
            assertThat(second.sandboxes.started).isEmpty();
            for (String where : Arrays.asList(id, null)) {
                assertThat(second.permissions.grants(where)).isEqualTo(GrantSet.NONE);
                assertThat(second.permissions.policy(where).approvals()).isEmpty();
            }
        }
    }

    @Test
    @DisplayName("D.46 the whole of 10 KB of arguments and invisible characters are there to be seen")
    void nothingOfTheArgumentsIsHidden() throws Exception {
        String tail = "x".repeat(10_000) + "; rm -rf /";
        String id = ask("plot.draw {\"path\":\"" + tail + "\"}");
        assertThat(house.latest(id, EventType.CALL_REQUESTED, "arguments")).isEmpty();
        var requested =
                Json.object(house.events(id, EventType.CALL_REQUESTED).get(0).data());
        assertThat(requested.at("/arguments/path").asText()).isEqualTo(tail);
        assertThat(card(id).path("reasons").toString()).doesNotContain("invisible");
        String second = ask("plot.draw {\"path\":\"a\u202eb\u200b\u001b\"}".replace("\u001b", "\\u001b"));
        assertThat(card(second).path("reasons").toString()).contains("invisible or change the direction");
    }

    @Test
    void whatIsDeniedNeverRunsWhateverElseIsSaid() throws Exception {
        house.permissions.setPolicy(
                null,
                new Policy(
                        Policy.Mode.FULL,
                        List.of(
                                new Policy.Rule(Policy.Effect.ALLOW, "*"),
                                new Policy.Rule(Policy.Effect.DENY, "rungpt/fs.w*")),
                        List.of()));
        String id = ask("fs.write {\"path\":\"a\"}", "fs.read {\"path\":\"a\"}", "plot.draw {\"path\":\"a\"}");
        assertThat(house.answer(id)).contains("denied The policy denies rungpt/fs.write (rule: deny rungpt/fs.w*)");
        assertThat(house.sandboxes.started).hasSize(2);
        assertThat(house.events(id, EventType.APPROVAL_REQUESTED)).isEmpty();
    }

    @Test
    void theFirstRuleThatFitsCountsAndAConversationsOwnComeFirst() throws Exception {
        house.permissions.setPolicy(
                null, new Policy(null, List.of(new Policy.Rule(Policy.Effect.ASK, "rungpt/fs.*")), List.of()));
        String id = ask("fs.read {\"path\":\"a\"}");
        assertThat(isWaiting(id)).isTrue();
        assertThat(card(id).path("scopes").toString()).isEqualTo("[\"once\"]");
        allow(id, Decision.Scope.ONCE);
        house.permissions.setPolicy(
                id, new Policy(null, List.of(new Policy.Rule(Policy.Effect.ALLOW, "*.read")), List.of()));
        say(id, "fs.read {\"path\":\"b\"}");
        assertThat(isWaiting(id)).isFalse();
        say(id, "fs.write {\"path\":\"b\"}");
        assertThat(isWaiting(id)).isTrue();
    }

    @Test
    void inTheModeAlwaysEveryCallIsAskedAboutForThisOnce() throws Exception {
        String id = ask("plot.draw {\"path\":\"a\"}");
        allow(id, Decision.Scope.CONVERSATION);
        house.permissions.setPolicy(
                id,
                new Policy(
                        Policy.Mode.ALWAYS,
                        List.of(),
                        house.permissions.policy(id).approvals()));
        for (String call : List.of("fs.read {\"path\":\"a\"}", "plot.draw {\"path\":\"a\"}")) {
            say(id, call);
            assertThat(isWaiting(id)).isTrue();
            String waiting = card(id).path("call").asText();
            assertThatThrownBy(() -> house.chat.decide(id, waiting, new Decision(true, Decision.Scope.ALWAYS, null)))
                    .hasMessageContaining("once");
            allow(id, Decision.Scope.ONCE);
        }
    }

    @Test
    void anApprovalCanBeTakenBack() throws Exception {
        String id = ask("plot.draw {\"path\":\"a\"}");
        allow(id, Decision.Scope.CONVERSATION);
        say(id, "plot.draw {\"path\":\"b\"}");
        assertThat(isWaiting(id)).isFalse();
        assertThat(house.permissions.policy(id).approvals()).containsExactly("acme/plot@hash-plot-1/draw");
        assertThatThrownBy(() -> house.permissions.setPolicy(id, new Policy(null, List.of(), List.of("x@y/z"))))
                .hasMessageContaining("not added");
        house.permissions.setPolicy(id, Policy.NONE);
        say(id, "plot.draw {\"path\":\"c\"}");
        assertThat(isWaiting(id)).isTrue();
    }

    @Test
    void everyStartOfAContainerIsAskedAbout() throws Exception {
        house.registry.installed = List.of(House.action(
                "containers",
                "1",
                true,
                House.task("start", Effects.WRITE),
                House.task("list", Effects.READ),
                House.task("stop", Effects.DESTRUCTIVE)));
        String key = "rungpt/containers@hash-containers-1/start";
        house.store.put("policy/allow/" + key, "true");
        house.permissions.setPolicy(
                null,
                new Policy(
                        Policy.Mode.FULL,
                        List.of(new Policy.Rule(Policy.Effect.ALLOW, "rungpt/containers.*")),
                        List.of(key)));
        String id = ask("containers.start {\"path\":\"postgres\"}");
        for (String next : List.of("start", "stop", "start")) {
            assertThat(isWaiting(id)).isTrue();
            assertThat(card(id).path("scopes").toString()).isEqualTo("[\"once\"]");
            assertThat(card(id).path("reasons").toString()).contains("each call is asked about");
            String call = card(id).path("call").asText();
            for (Decision.Scope more : List.of(Decision.Scope.CONVERSATION, Decision.Scope.ALWAYS)) {
                assertThatThrownBy(() -> house.chat.decide(id, call, new Decision(true, more, null)))
                        .hasMessageContaining("once");
            }
            allow(id, Decision.Scope.ONCE);
            say(id, "containers." + next + " {\"path\":\"other\"}");
        }
        assertThat(house.sandboxes.started).hasSize(3);
        house.chat.stop(id);
        house.permissions.setPolicy(
                null,
                new Policy(
                        Policy.Mode.FULL,
                        List.of(new Policy.Rule(Policy.Effect.DENY, "rungpt/containers.*")),
                        List.of()));
        String denied = ask("containers.start {\"path\":\"postgres\"}");
        assertThat(house.answer(denied)).contains("denied The policy denies rungpt/containers.start");
    }

    @Test
    void whoAgreesThatContainersAreListedMayAgreeForLonger() throws Exception {
        house.registry.installed = List.of(House.action("containers", "1", true, House.task("list", Effects.READ)));
        String id = ask("containers.list {\"path\":\"a\"}");
        assertThat(isWaiting(id)).isTrue();
        assertThat(card(id).path("scopes").toString()).isEqualTo("[\"once\",\"conversation\",\"always\"]");
        allow(id, Decision.Scope.CONVERSATION);
        say(id, "containers.list {\"path\":\"b\"}");
        assertThat(isWaiting(id)).isFalse();
    }

    @Test
    void afterUntrustedContentWhatCrossesTheBorderAsksAgainWithTheReason() throws Exception {
        String id = ask("web.get {\"path\":\"a\"}");
        allow(id, Decision.Scope.CONVERSATION);
        say(id, "web.get {\"path\":\"b\"}");
        assertThat(isWaiting(id)).isTrue();
        assertThat(card(id).path("untrusted").toString()).isEqualTo("[\"output of acme/web\"]");
        assertThat(card(id).path("reasons").toString()).contains("untrusted content");
        assertThat(card(id).path("scopes").toString()).isEqualTo("[\"once\",\"conversation\"]");
        allow(id, Decision.Scope.CONVERSATION);
        say(id, "web.get {\"path\":\"c\"}");
        assertThat(isWaiting(id)).isFalse();
        say(id, "fs.write {\"path\":\"c\"}");
        assertThat(isWaiting(id)).isFalse();
        house.permissions.setGrants(
                id, new GrantSet(new Access(List.of(Grants.INTERNET), List.of(), List.of(), false), List.of()));
        say(id, "fs.read {\"path\":\"c\"}");
        assertThat(isWaiting(id)).isFalse();
        say(id, "fs.write {\"path\":\"d\"}");
        assertThat(isWaiting(id)).isTrue();
        assertThat(card(id).path("reasons").toString()).contains("output of acme/web");
    }

    @ParameterizedTest
    @ValueSource(strings = {"page", ""})
    void whatCameOverTheNetworkIsUntrustedAlsoIfItWentIntoAFileWithoutAWord(String said) throws Exception {
        house.sandboxes.behaviour = program -> {
            program.connect("example.org", true);
            program.print(said).exit(0);
        };
        String id = house.conversation();
        grantTheInternet(id);
        house.model.script((n, answer) -> answer.say(
                        answer.asked().startsWith("RESULT") ? "ok" : "@call " + n + " " + answer.asked() + "\n")
                .end());
        say(id, "fs.write {\"path\":\"a\"}");
        assertThat(isWaiting(id)).isFalse();
        assertThat(house.latest(id, EventType.CALL_CONNECTION, "host")).isEqualTo("example.org");
        say(id, "fs.write {\"path\":\"b\"}");
        assertThat(isWaiting(id)).isTrue();
        assertThat(card(id).path("untrusted").toString()).contains("content of the network");
    }

    @Test
    void aThirdPartyThatSaysNothingMayHaveWrittenIntoTheWorkspace() throws Exception {
        house.sandboxes.behaviour = program -> program.exit(0);
        String id = ask("plot.draw {\"path\":\"a\"}");
        grantTheInternet(id);
        allow(id, Decision.Scope.ONCE);
        say(id, "fs.write {\"path\":\"b\"}");
        assertThat(isWaiting(id)).isTrue();
        assertThat(card(id).path("untrusted").toString()).isEqualTo("[\"output of acme/plot\"]");
    }

    @Test
    void aCallThatNeverRanLeftNothing() throws Exception {
        String id = ask("plot.draw {\"path\":\"a\"}");
        grantTheInternet(id);
        house.chat.decide(id, card(id).path("call").asText(), new Decision(false, Decision.Scope.ONCE, null));
        house.awaitTurns(id, 1);
        say(id, "fs.write {\"path\":\"b\"}");
        assertThat(isWaiting(id)).isFalse();
    }

    /** The model answers with two calls at once. */
    private void sayBoth(String id, String first, String second) throws Exception {
        house.model.script((n, answer) -> answer.say(
                        answer.asked().startsWith("RESULT")
                                ? "ok"
                                : "@call a%d %s\n@call b%d %s\n".formatted(n, first, n, second))
                .end());
        say(id, "both");
    }

    private void allowThirdParties() throws Exception {
        house.permissions.setPolicy(
                null, new Policy(null, List.of(new Policy.Rule(Policy.Effect.ALLOW, "acme/plot.*")), List.of()));
    }

    @Test
    void whatACardDidNotNameIsAskedAboutAgainThoughItCameBeforeTheClick() throws Exception {
        allowThirdParties();
        String id = house.conversation();
        sayBoth(id, "plot.draw {\"path\":\"a\"}", "web.get {\"path\":\"b\"}");
        house.await(id, log -> house.events(id, EventType.CALL_FINISHED).size() == 1, "the end of the first call");
        assertThat(isWaiting(id)).isTrue();
        assertThat(card(id).path("untrusted")).isEmpty();
        allow(id, Decision.Scope.CONVERSATION);
        ask(id, "web.get {\"path\":\"c\"}");
        assertThat(isWaiting(id)).isTrue();
        assertThat(card(id).path("untrusted").toString()).contains("output of acme/plot", "output of acme/web");
        allow(id, Decision.Scope.CONVERSATION);
        ask(id, "web.get {\"path\":\"d\"}");
        assertThat(isWaiting(id)).isFalse();
    }

    private void ask(String id, String call) throws Exception {
        house.model.script(
                (n, answer) -> answer.say(answer.asked().startsWith("RESULT") ? "ok" : "@call " + n + " " + call + "\n")
                        .end());
        say(id, call);
    }

    @Test
    void aCallBehindOneThatBroughtUntrustedContentIsAskedAbout() throws Exception {
        allowThirdParties();
        String id = house.conversation();
        grantTheInternet(id);
        sayBoth(id, "plot.draw {\"path\":\"a\"}", "fs.write {\"path\":\"b\"}");
        assertThat(isWaiting(id)).isTrue();
        assertThat(card(id).path("untrusted").toString()).contains("output of acme/plot");
        assertThat(house.sandboxes.started).hasSize(1);
        allow(id, Decision.Scope.ONCE);
        assertThat(house.sandboxes.started).hasSize(2);
    }

    @Test
    void whatIsDeniedWhileItWaitsForTheCallBeforeItDoesNotRun() throws Exception {
        house.sandboxes.behaviour = program -> {};
        String id = house.conversation();
        house.model.script((n, answer) -> answer.say(
                        answer.asked().startsWith("RESULT")
                                ? answer.asked()
                                : "@call a fs.read {\"path\":\"a\"}\n@call b fs.write {\"path\":\"b\"}\n")
                .end());
        house.chat.post(id, null, "both");
        Sandboxes.Program first = house.sandboxes.next();
        house.await(id, log -> house.events(id, EventType.APPROVAL_DECIDED).size() == 2, "both decisions");
        house.permissions.setPolicy(
                id, new Policy(null, List.of(new Policy.Rule(Policy.Effect.DENY, "rungpt/fs.write")), List.of()));
        first.exit(0);
        house.awaitTurns(id, 1);
        assertThat(house.answer(id)).contains("denied The policy denies rungpt/fs.write");
        assertThat(house.sandboxes.started).hasSize(1);
    }

    @Test
    void whatAStartedContainerMayHaveSaidIsUntrusted() throws Exception {
        house.registry.installed = List.of(
                House.action("containers", "1", true, House.task("start", Effects.WRITE)),
                House.action("fs", "1", true, House.task("write", Effects.WRITE)));
        String id = ask("containers.start {\"path\":\"postgres\"}");
        grantTheInternet(id);
        allow(id, Decision.Scope.ONCE);
        say(id, "fs.write {\"path\":\"b\"}");
        assertThat(isWaiting(id)).isTrue();
        assertThat(card(id).path("untrusted").toString()).contains("a container that was started");
    }

    private void grantTheInternet(String id) throws Exception {
        house.permissions.setGrants(
                id, new GrantSet(new Access(List.of(Grants.INTERNET), List.of(), List.of(), false), List.of()));
    }

    @Test
    void whenTheSettingsCannotBeReadEveryCallIsAskedAbout() throws Exception {
        house.services.settings.remove(house.store);
        String id = ask("fs.read {\"path\":\"a\"}");
        assertThat(isWaiting(id)).isTrue();
        assertThat(card(id).path("reasons").toString()).contains("settings cannot be read");
    }

    @Test
    void whenTheSettingsCannotBeReadACardShowsWhatItGrantsAndTheConversationsOwnRulesHold() throws Exception {
        String id = house.conversation();
        house.permissions.setPolicy(
                id, new Policy(null, List.of(new Policy.Rule(Policy.Effect.DENY, "rungpt/fs.*")), List.of()));
        house.services.settings.remove(house.store);
        ask(id, "web.get {\"path\":\"a\"}");
        assertThat(card(id).path("reasons").toString()).contains("settings cannot be read");
        assertThat(card(id).path("needs").path("network").toString()).contains("example.org");
        house.services.settings.add(house.store, Map.of());
        house.permissions.setPolicy(
                null, new Policy(null, List.of(new Policy.Rule(Policy.Effect.DENY, "acme/web.*")), List.of()));
        allow(id, Decision.Scope.ONCE);
        house.services.settings.remove(house.store);
        ask(id, "fs.read {\"path\":\"a\"}");
        assertThat(isWaiting(id)).isFalse();
        assertThat(house.sandboxes.started).isEmpty();
        assertThat(house.events(id, EventType.CALL_FINISHED)).hasSize(2).allMatch(one -> one.data()
                .contains("denied"));
    }
}
