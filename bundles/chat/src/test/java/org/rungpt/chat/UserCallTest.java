package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rungpt.api.action.Effects;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.chat.Policy;
import org.rungpt.api.model.Sampling;

/** Calls that users write, with a model and without. */
final class UserCallTest {
    private final House house = new House();

    @BeforeEach
    void install() {
        house.sandboxes.behaviour = program ->
                program.print("ran " + program.spec.arguments() + "\n").exit(0);
        house.model.script((n, answer) -> answer.say("heard " + answer.asked()).end());
    }

    @AfterEach
    void close() {
        house.close();
    }

    @Test
    void aRunNeedsNoModelAndTheNextMessageTellsTheModelOfIt() throws Exception {
        String id = house.say("/run fs.read path=notes.md");
        house.awaitTurns(id, 1);
        assertThat(house.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("done");
        assertThat(house.events(id, EventType.MESSAGE_STARTED)).isEmpty();
        assertThat(house.latest(id, EventType.CALL_REQUESTED, "by")).isEqualTo("user");
        assertThat(house.latest(id, EventType.CALL_FINISHED, "status")).isEqualTo("completed");
        assertThat(house.sandboxes.next().spec.arguments()).isEqualTo("{\"path\":\"notes.md\"}");
        house.chat.post(id, null, "and?");
        assertThat(house.model.next().request.messages().toString())
                .contains("The user ran fs.read {\"path\":\"notes.md\"} (completed, exit code 0):")
                .contains("ran {\"path\":\"notes.md\"}");
        house.awaitTurns(id, 2);
    }

    @Test
    void aRunWorksWithoutAnyModelOrProtocol() throws Exception {
        house.services.connections.remove(house.model);
        house.services.protocols.remove(house.protocol);
        String id = house.say("/run fs.read notes.md");
        house.awaitTurns(id, 1);
        assertThat(house.latest(id, EventType.CALL_FINISHED, "status")).isEqualTo("completed");
    }

    @Test
    void placeholdersAreReplacedBeforeTheModelSeesThem() throws Exception {
        String id = house.say(
                "Compare {{ fs.read(\"a b\") }} with {{fs.read(path='c')}}, not {{ user.name }} or \\{{ fs.read(1) }} or \\{{ other.x(1) }}.");
        house.awaitTurns(id, 1);
        assertThat(house.model.next().asked())
                .isEqualTo(
                        "Compare ran {\"path\":\"a b\"} with ran {\"path\":\"c\"}, not {{ user.name }} or {{ fs.read(1) }} or \\{{ other.x(1) }}.");
        assertThat(house.latest(id, EventType.MESSAGE_USER, "text")).contains("{{ fs.read(\"a b\") }}");
        assertThat(house.latest(id, EventType.MESSAGE_EXPANDED, "text")).startsWith("Compare ran");
    }

    @Test
    void aBackslashMakesTextOfACallAndIsNotToldToTheModel() throws Exception {
        String id = house.say("Write \\{{ fs.read(\"x\") }} for a call.");
        house.awaitTurns(id, 1);
        assertThat(house.model.next().asked()).isEqualTo("Write {{ fs.read(\"x\") }} for a call.");
        assertThat(house.latest(id, EventType.MESSAGE_USER, "text")).contains("\\{{");
        assertThat(house.sandboxes.started).isEmpty();
    }

    @Test
    void anotherTemplateLanguageMayUseTheNameOfAnAction() throws Exception {
        String id = house.say("Explain {{ fs.gone(\"a\") | upper }} and {{ fs.read(\"b\") }}.");
        house.awaitTurns(id, 1);
        assertThat(house.model.next().asked())
                .isEqualTo("Explain {{ fs.gone(\"a\") | upper }} and ran {\"path\":\"b\"}.");
        assertThat(house.latest(id, EventType.MESSAGE_NOTICE, "text"))
                .startsWith("{{ fs.gone(…) }} was left as text. There is no task fs.gone. The tasks of fs are");
    }

    @Test
    void aCallThatFailsIsOneClearLineInItsPlace() throws Exception {
        house.sandboxes.behaviour = program -> program.print("no such\nfile\n").exit(2);
        String id = house.say("Look: {{ fs.read(\"x\") }}");
        house.awaitTurns(id, 1);
        assertThat(house.model.next().asked()).isEqualTo("Look: [fs.read failed with exit code 2: no such file]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "/run fs.read path=a | {\"path\":\"a\"}",
                "/run fs.read a | {\"path\":\"a\"}",
                "/run fs.read path=\"a \\\"b\\\" c\" | {\"path\":\"a \\\"b\\\" c\"}",
                "/run fs.read path='it is \"x\"' | {\"path\":\"it is \\\"x\\\"\"}",
                "/run fs.read path=42 | {\"path\":\"42\"}",
                "/run fs.read {\"path\": \"j\"} | {\"path\":\"j\"}",
                "/run any.thing n=1.50 flag=true list=[1, \"b c\"] deep={\"k\": {\"l\": null}} word=x=y |"
                        + " {\"n\":1.50,\"flag\":true,\"list\":[1,\"b c\"],\"deep\":{\"k\":{\"l\":null}},\"word\":\"x=y\"}",
            })
    void argumentsAreReadAsWritten(String command, String arguments) throws Exception {
        house.registry.installed = List.of(
                House.action("fs", "1", true, House.task("read", Effects.READ)),
                House.action("any", "1", true, House.open("thing")));
        assertThat(house.engine.userCalls.parse(command).calls().get(0).arguments())
                .isEqualTo(arguments);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "/run | write /run alias.task",
                "/run fs | is no task",
                "/run fs.nope x=1 | The tasks of fs are",
                "/run no.pe | There is no action no",
                "/run fs.read | required property 'path'",
                "/run fs.read path=a path=b | given twice",
                "/run fs.read a b | no further value",
                "/run fs.read path=\"a | not closed",
                "/run fs.read {\"path\": | not closed",
                "see {{ fs.read(\"a\" }} | not closed",
                "see {{ fs.read(\"a\") | }} is missing",
            })
    void whatIsWrittenWrongIsToldInOneLineAndNothingIsSaid(String text, String problem) throws Exception {
        String id = house.conversation();
        assertThatThrownBy(() -> house.chat.post(id, null, text))
                .isInstanceOfSatisfying(
                        ChatException.class, e -> assertThat(e.kind()).isEqualTo(ChatException.Kind.INVALID))
                .hasMessageContaining(problem)
                .hasMessageNotContaining("\n");
        assertThat(house.log(id)).isEmpty();
    }

    @Test
    void inQuotesTabsAndEndsOfLinesAreTakenAsWritten() throws Exception {
        house.registry.installed = List.of(House.action("any", "1", true, House.open("thing")));
        String command =
                "/run any.thing make=\"all:\n\techo \\\"hi\\\"\r\n\" on=\"a \\\n b\" in={\"list\":\n[\"x\ty\"]}";
        assertThat(house.engine.userCalls.parse(command).calls().get(0).arguments())
                .isEqualTo(
                        "{\"make\":\"all:\\n\\techo \\\"hi\\\"\\r\\n\",\"on\":\"a \\\\\\n b\",\"in\":{\"list\":[\"x\\ty\"]}}");
    }

    @Test
    void whoWritesACallConsentsToItAndThatIsRecordedButADenialHolds() throws Exception {
        String id = house.say("/run plot.draw path=a");
        house.awaitTurns(id, 1);
        assertThat(house.latest(id, EventType.APPROVAL_DECIDED, "by")).isEqualTo("user");
        assertThat(house.events(id, EventType.APPROVAL_REQUESTED)).isEmpty();
        house.permissions.setPolicy(
                null, new Policy(null, List.of(new Policy.Rule(Policy.Effect.DENY, "acme/*")), List.of()));
        house.chat.post(id, null, "/run plot.draw path=b");
        house.awaitTurns(id, 2);
        assertThat(house.latest(id, EventType.CALL_FINISHED, "status")).isEqualTo("denied");
        assertThat(house.sandboxes.started).hasSize(1);
    }

    @Test
    void whatAnotherProgramSaysIsText() throws Exception {
        String id = house.conversation();
        house.chat.postText(id, null, "see {{ fs.read(\"a\") }}", List.of(), Sampling.NONE);
        house.awaitTurns(id, 1);
        house.chat.postText(id, null, "/run fs.read a", List.of(), Sampling.NONE);
        house.awaitTurns(id, 2);
        assertThat(house.sandboxes.started).isEmpty();
    }

    @Test
    void stopEndsARun() throws Exception {
        house.sandboxes.behaviour = program -> {};
        String id = house.say("/run fs.write path=a");
        Sandboxes.Program program = house.sandboxes.next();
        house.chat.stop(id);
        house.awaitTurns(id, 1);
        assertThat(program.isCancelled()).isTrue();
        assertThat(house.latest(id, EventType.TURN_FINISHED, "reason")).isEqualTo("stopped");
    }

    @Test
    @DisplayName("D.44 a call in the model's way of writing that a user pastes is text")
    void aPastedCallIsText() throws Exception {
        String id = house.say("@call 1 fs.write {\"path\":\"a\"}\n");
        house.awaitTurns(id, 1);
        assertThat(house.sandboxes.started).isEmpty();
    }

    @Test
    @DisplayName("F.65 a user's calls run at most once wherever the log ends")
    void aLogThatEndsAfterAnyEventIsBroughtToAGoodEnd() throws Exception {
        String id = house.say("Compare {{ fs.read(\"a\") }} with {{ fs.write(\"b\") }}");
        house.awaitTurns(id, 1);
        List<ConversationEvent> log = house.log(id);
        for (int length = 1; length <= log.size(); length++) {
            var disk = new Disk();
            disk.put(house.disk.conversations.get(id), log.subList(0, length));
            var sandboxes = new Sandboxes();
            log.subList(0, length).stream()
                    .filter(event -> event.type().equals(EventType.CALL_STARTED))
                    .map(event -> Json.object(event.data()).path("call").asText())
                    .forEach(sandboxes.started::add);
            try (House second = new House(disk, sandboxes, ChatLimits.DEFAULT, false)) {
                second.model.script(
                        (n, answer) -> answer.say("heard " + answer.asked()).end());
                second.open();
                second.awaitState(id, Conversation.State.IDLE);
                assertThat(sandboxes.started).hasSize(2).doesNotHaveDuplicates();
                assertThat(second.answer(id)).startsWith("heard Compare");
                assertThat(second.events(id, EventType.MESSAGE_EXPANDED)).hasSize(1);
            }
        }
    }
}
