package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.action.Effects;
import org.rungpt.api.action.Manifest;
import org.rungpt.api.chat.Access;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.chat.GrantSet;
import org.rungpt.api.chat.Library;
import org.rungpt.api.chat.Policy;
import org.rungpt.api.runner.Grants;
import org.rungpt.api.secret.ActionSecrets;

/** What is granted, who is asked, and what a runner is given. */
final class PermissionTest {
    private static final ActionId WEATHER = new ActionId("acme/weather");
    private static final String HASH = "hash-weather-1";

    private final House house = new House();

    @BeforeEach
    void install() {
        house.registry.installed = List.of(
                House.action("fs", "1", true, House.task("read", Effects.READ), House.task("write", Effects.WRITE)),
                House.action("plot", "1", false, House.task("draw", Effects.WRITE)),
                House.action(
                        "weather",
                        "1",
                        false,
                        true,
                        List.of("api.weather.example:443"),
                        List.of(new Manifest.Secret("key", "WEATHER_KEY", List.of("api.weather.example"), "get one")),
                        List.of(new Manifest.Share("notes", false, "to write them down")),
                        House.task("now", Effects.READ),
                        House.task("soon", Effects.READ)));
        house.secrets.put(ActionSecrets.key(WEATHER, "key"), "s3cret-value");
    }

    @AfterEach
    void close() {
        house.close();
    }

    @Test
    void approvalsForEverInManyConversationsAtOnceLoseNoGrant() throws Exception {
        PermissionBook book = house.engine.judge.book;
        int conversations = 8;
        var barrier = new CyclicBarrier(conversations + 1);
        var tasks = new ArrayList<Callable<Boolean>>();
        for (int i = 0; i < conversations; i++) {
            String name = "acme/a" + i;
            tasks.add(() -> {
                for (int hash = 0; hash < 20; hash++) {
                    barrier.await();
                    book.allowAlways(name + "@h" + hash + "/run", new ActionId(name), "h" + hash, weather());
                }
                return true;
            });
        }
        tasks.add(() -> {
            for (int n = 0; n < 20; n++) {
                barrier.await();
                book.setPolicy(book.policy());
            }
            return true;
        });
        for (Future<Boolean> done : house.scripts.invokeAll(tasks)) {
            done.get();
        }
        for (int i = 0; i < conversations; i++) {
            for (int hash = 0; hash < 20; hash++) {
                assertThat(book.grants().of(new ActionId("acme/a" + i), "h" + hash))
                        .isEqualTo(weather());
            }
        }
    }

    private String ask(String task) throws Exception {
        house.model.script((n, answer) -> answer.say(
                        answer.asked().startsWith("RESULT") ? "ok" : "@call " + n + " " + task + " {\"path\":\"x\"}\n")
                .end());
        return house.say("go");
    }

    private String waiting(String id) throws Exception {
        house.awaitState(id, Conversation.State.WAITING);
        return house.latest(id, EventType.APPROVAL_REQUESTED, "call");
    }

    private JsonNode requested(String id) {
        var all = house.events(id, EventType.APPROVAL_REQUESTED);
        return Json.object(all.get(all.size() - 1).data());
    }

    private static Decision with(Decision.Scope scope, Access grant) {
        return new Decision(true, scope, null, null, null, grant);
    }

    private static Access weather() {
        return new Access(
                List.of("api.weather.example:443"),
                List.of(new Grants.Share("notes", "/home/me/notes", false)),
                List.of("key"),
                true);
    }

    @Test
    void theCardOffersExactlyWhatTheActionAsksForAndOneConsentGrantsIt() throws Exception {
        String id = ask("weather.now");
        String call = waiting(id);
        JsonNode needs = requested(id).path("needs");
        assertThat(needs.path("network").toString()).isEqualTo("[\"api.weather.example:443\"]");
        assertThat(needs.at("/secrets/0/name").asText()).isEqualTo("key");
        assertThat(needs.at("/secrets/0/set").asBoolean()).isTrue();
        assertThat(needs.at("/shares/0/why").asText()).isEqualTo("to write them down");
        assertThat(needs.path("workspace").asBoolean()).isTrue();
        var reasons = new ArrayList<JsonNode>();
        requested(id).path("reasons").forEach(reasons::add);
        assertThat(needs.path("reasons")).hasSize(4).isSubsetOf(reasons).noneMatch(reason -> reason.asText()
                .contains("made anew"));
        assertThatThrownBy(() -> house.chat.decide(id, call, new Decision(true, Decision.Scope.ONCE, null)))
                .hasMessageContaining("choose a directory");
        house.chat.decide(id, call, with(Decision.Scope.CONVERSATION, weather()));
        Grants grants = house.sandboxes.next().spec.grants();
        assertThat(grants.network()).containsExactly("api.weather.example:443");
        assertThat(grants.secrets()).containsEntry("WEATHER_KEY", "s3cret-value");
        assertThat(grants.shares()).containsExactly(new Grants.Share("notes", "/home/me/notes", false));
        assertThat(grants.workspace()).isTrue();
        house.awaitTurns(id, 1);
        assertThat(house.permissions.grants(id).of(WEATHER, HASH)).isEqualTo(weather());
        assertThat(house.log(id).toString()).doesNotContain("s3cret-value");
    }

    @Test
    void aCallThatGetsASecretReachesOnlyTheHostsThatItIsMeantFor() throws Exception {
        house.permissions.setGrants(
                null,
                new GrantSet(
                        Access.NONE,
                        List.of(new GrantSet.ForAction(
                                WEATHER,
                                HASH,
                                new Access(
                                        List.of(Grants.INTERNET, Grants.PACKAGE_MIRRORS, "evil.example:443"),
                                        List.of(),
                                        List.of(),
                                        false)))));
        String id = ask("weather.now");
        house.chat.decide(id, waiting(id), with(Decision.Scope.ONCE, weather()));
        assertThat(house.sandboxes.next().spec.grants().network())
                .containsExactly("api.weather.example:443", "api.weather.example:80");
        house.awaitTurns(id, 1);

        String without = ask("weather.now");
        house.chat.decide(without, waiting(without), with(Decision.Scope.ONCE, Access.NONE));
        assertThat(house.sandboxes.next().spec.grants().network())
                .containsExactly(Grants.INTERNET, Grants.PACKAGE_MIRRORS, "evil.example:443");
    }

    @Test
    void theHostsOfSecretsAreMetWithWhatWasGranted() {
        List<String> hosts = List.of("api.one.example", "*.two.example");
        assertThat(SecretHosts.within(List.of("API.one.example:8443", "one.example:443"), hosts))
                .containsExactly("api.one.example:8443");
        assertThat(SecretHosts.within(List.of("*.example:443"), hosts))
                .containsExactly("api.one.example:443", "*.two.example:443");
        assertThat(SecretHosts.within(List.of("a.two.example:1", "two.example:1", "xtwo.example:1"), hosts))
                .containsExactly("a.two.example:1");
        assertThat(SecretHosts.within(List.of("*.deep.two.example:1", "*.one.example:2"), hosts))
                .containsExactly("*.deep.two.example:1", "api.one.example:2");
        assertThat(SecretHosts.within(List.of("[::1]:443", "other.example:443", Grants.PACKAGE_MIRRORS), hosts))
                .isEmpty();
    }

    @Test
    @DisplayName("E.62 neither an export nor the model is told a secret or where a share lies on the host")
    void whatLeavesHoldsNoSecretAndNoHostPath() throws Exception {
        house.services.archives.add(ImportTest.archive(house), Map.of());
        String id = ask("weather.now");
        house.chat.decide(id, waiting(id), with(Decision.Scope.CONVERSATION, weather()));
        house.awaitTurns(id, 1);
        var left = new StringBuilder();
        for (Library.Format format : Library.Format.values()) {
            left.append(house.chat.library().export(id, format));
        }
        house.model.asked.forEach(answer -> left.append(answer.request.messages()));
        assertThat(left.toString()).contains("weather.now").doesNotContain("s3cret-value", "/home/me");
    }

    @Test
    void oneCallMayGetLessThanItsActionAsksForAndNeverMore() throws Exception {
        String id = ask("weather.now");
        String call = waiting(id);
        Access more = new Access(List.of("evil.example:443"), List.of(), List.of(), false);
        assertThatThrownBy(() -> house.chat.decide(id, call, with(Decision.Scope.ONCE, more)))
                .hasMessageContaining("does not ask to reach evil.example:443");
        house.chat.decide(id, call, with(Decision.Scope.ONCE, Access.NONE));
        assertThat(house.sandboxes.next().spec.grants()).isEqualTo(Grants.NONE);
        house.awaitTurns(id, 1);
        assertThat(house.permissions.grants(id)).isEqualTo(GrantSet.NONE);
    }

    @Test
    void aGrantForAllConversationsNeedsNoSecondQuestion() throws Exception {
        String id = ask("weather.now");
        house.chat.decide(id, waiting(id), with(Decision.Scope.ALWAYS, weather()));
        house.sandboxes.next();
        house.awaitTurns(id, 1);
        String second = house.say("again");
        house.awaitTurns(second, 1);
        assertThat(house.events(second, EventType.APPROVAL_REQUESTED)).isEmpty();
        assertThat(house.sandboxes.next().spec.grants().shares()).hasSize(1);
        assertThat(house.permissions.policy(null).approvals()).containsExactly("acme/weather@" + HASH + "/now");

        house.permissions.setPolicy(null, new Policy(null, List.of(), List.of()));
        house.permissions.setGrants(null, GrantSet.NONE);
        String third = house.say("again");
        waiting(third);
    }

    @Test
    void aSecretThatIsNotSetStopsTheCallWithOneLine() throws Exception {
        house.secrets.values.clear();
        String id = ask("weather.now");
        String call = waiting(id);
        assertThat(requested(id).at("/needs/secrets/0/set").asBoolean()).isFalse();
        house.chat.decide(id, call, with(Decision.Scope.ONCE, new Access(List.of(), List.of(), List.of("key"), false)));
        house.awaitTurns(id, 1);
        assertThat(house.latest(id, EventType.CALL_FINISHED, "message"))
                .contains("The secret key of acme/weather is not set");
        assertThat(house.sandboxes.started).isEmpty();
    }

    @Test
    void theWorkspaceGetsWhatTheUserGrantedItInThisConversationAndEverywhere() throws Exception {
        house.permissions.setGrants(
                null,
                new GrantSet(
                        new Access(List.of(), List.of(new Grants.Share("docs", "/srv/docs", false)), List.of(), false),
                        List.of()));
        String id = house.conversation();
        house.permissions.setGrants(
                id, new GrantSet(new Access(List.of(Grants.PACKAGE_MIRRORS), List.of(), List.of(), false), List.of()));
        house.model.script((n, answer) -> answer.say(n == 1 ? "@call 1 fs.write {\"path\":\"x\"}\n" : "ok")
                .end());
        house.chat.post(id, null, "go");
        Grants grants = house.sandboxes.next().spec.grants();
        assertThat(grants.network()).containsExactly(Grants.PACKAGE_MIRRORS);
        assertThat(grants.shares()).containsExactly(new Grants.Share("docs", "/srv/docs", false));
        house.awaitTurns(id, 1);
        assertThat(house.types(id)).contains(EventType.GRANT_CHANGED);
    }

    @Test
    void whatCannotBeGrantedIsRefusedInOneLine() throws Exception {
        String id = house.conversation();
        for (Access wrong : List.of(
                new Access(List.of("example.org"), List.of(), List.of(), false),
                new Access(List.of("example.org:99999"), List.of(), List.of(), false),
                new Access(List.of("a b:1"), List.of(), List.of(), false),
                new Access(List.of(), List.of(new Grants.Share("Notes", "/x", false)), List.of(), false),
                new Access(List.of(), List.of(new Grants.Share("notes", "x", false)), List.of(), false),
                new Access(List.of(), List.of(), List.of("key"), false))) {
            assertThatThrownBy(() -> house.permissions.setGrants(id, new GrantSet(wrong, List.of())))
                    .isInstanceOfSatisfying(
                            ChatException.class, e -> assertThat(e.kind()).isEqualTo(ChatException.Kind.INVALID))
                    .hasMessageNotContaining("\n");
        }
    }
}
