package org.rungpt.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.chat.Library.Format;
import org.rungpt.api.chat.Library.Imported;
import org.rungpt.api.store.ConversationArchive;
import org.rungpt.api.store.ConversationArchive.Labels;

/** What comes back of what was exported, and what of other files. */
final class ImportTest {
    private final House house = new House();
    private final LeftFiles files = new LeftFiles();
    private final ChatLibrary library = house.chat.library();

    @BeforeEach
    void open() {
        house.services.artifacts.add(files, Map.of());
        house.services.archives.add(archive(house), Map.of());
    }

    @AfterEach
    void close() {
        house.close();
    }

    /** Labels, and nothing else. */
    static ConversationArchive archive(House house) {
        return (ConversationArchive) Proxy.newProxyInstance(
                ImportTest.class.getClassLoader(),
                new Class<?>[] {ConversationArchive.class},
                (self, method, values) -> switch (method.getName()) {
                    case "entry" ->
                        Optional.ofNullable(house.disk.conversations.get((String) values[0]))
                                .map(one -> new ConversationArchive.Entry(
                                        one, house.disk.labels.getOrDefault(one.id(), Labels.NONE), null));
                    case "label" -> {
                        String id = (String) values[0];
                        @SuppressWarnings("unchecked")
                        var change = (UnaryOperator<Labels>) values[1];
                        Labels before = house.disk.labels.getOrDefault(id, Labels.NONE);
                        house.disk.labels.put(id, change.apply(before));
                        yield null;
                    }
                    case "unindexed" -> List.of();
                    case "equals" -> self == values[0];
                    case "hashCode" -> 1;
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private Imported take(String json) throws Exception {
        return library.importAll(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)));
    }

    private static JsonNode json(String text) {
        return Json.parse(text);
    }

    /** Makes conversations of everything that an export holds, by chance. */
    private final class Chance {
        private final Random random;
        private final List<ConversationEvent> log = new ArrayList<>();
        private Instant at;

        Chance(long seed) {
            random = new Random(seed);
            at = Instant.parse("2024-02-03T04:05:06.789Z").plusSeconds(random.nextInt(10_000_000));
        }

        private void add(String type, ObjectNode data) {
            at = at.plusMillis(random.nextInt(100_000));
            log.add(new ConversationEvent("x", log.size() + 1L, at, type, data.toString()));
        }

        private String text() {
            return random.ints(1 + random.nextInt(30), 32, 0x2fff)
                    .filter(c -> Character.isDefined(c) && !Character.isSurrogate((char) c))
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .append("x")
                    .toString();
        }

        private void turn(int n) throws Exception {
            ObjectNode said = Json.object().put("message", "u" + n).put("text", text());
            if (random.nextBoolean()) {
                String name = "shown" + n + ".png";
                String id = files.put(
                                "x", "upload", name, new ByteArrayInputStream(text().getBytes(StandardCharsets.UTF_8)))
                        .id();
                said.putArray("attachments")
                        .addObject()
                        .put("artifact", id)
                        .put("name", name)
                        .put("mediaType", "image/png")
                        .put("size", files.contents.get(id).length);
            }
            add(EventType.MESSAGE_USER, said);
            add(EventType.TURN_STARTED, Json.object().put("turn", "t" + n).put("cause", "user"));
            add(
                    EventType.MESSAGE_STARTED,
                    Json.object()
                            .put("turn", "t" + n)
                            .put("message", "a" + n)
                            .put("model", "scripted/one")
                            .put("step", 1));
            add(
                    EventType.MESSAGE_TEXT,
                    Json.object()
                            .put("message", "a" + n)
                            .put("channel", "reasoning")
                            .put("offset", 0)
                            .put("text", text()));
            add(
                    EventType.MESSAGE_TEXT,
                    Json.object()
                            .put("message", "a" + n)
                            .put("channel", "answer")
                            .put("offset", 0)
                            .put("text", text()));
            if (random.nextBoolean()) {
                ObjectNode call = Json.object()
                        .put("call", "c" + n)
                        .put("message", "a" + n)
                        .put("ref", "1")
                        .put("task", "web.get")
                        .put("action", "rungpt/web")
                        .put("raw", "")
                        .put("offset", 1);
                call.putObject("arguments").put("url", text());
                add(EventType.CALL_REQUESTED, call);
                ObjectNode decided =
                        Json.object().put("call", "c" + n).put("approval", "p").put("decision", "allow");
                decided.put("scope", "once")
                        .put("by", "user")
                        .putObject("arguments")
                        .put("url", "edited" + n);
                add(EventType.APPROVAL_DECIDED, decided);
                add(EventType.CALL_STARTED, Json.object().put("call", "c" + n));
                add(
                        EventType.CALL_CONNECTION,
                        Json.object()
                                .put("call", "c" + n)
                                .put("number", 1)
                                .put("host", "example.org")
                                .put("allowed", true));
                add(
                        EventType.CALL_OUTPUT,
                        Json.object()
                                .put("call", "c" + n)
                                .put("stream", "stdout")
                                .put("offset", 0)
                                .put("text", "out")
                                .put("bytes", 3));
                add(
                        EventType.CALL_FINISHED,
                        Json.object()
                                .put("call", "c" + n)
                                .put("status", "completed")
                                .put("exit", 0));
            }
            String reason = random.nextBoolean() ? "stop" : "interrupted";
            add(
                    EventType.MESSAGE_FINISHED,
                    Json.object().put("message", "a" + n).put("reason", reason));
            if (log.stream().anyMatch(event -> event.data().contains("\"c" + n + "\""))) {
                ObjectNode results = Json.object().put("message", "r" + n);
                results.putArray("results")
                        .addObject()
                        .put("call", "c" + n)
                        .put("ref", "1")
                        .put("task", "web.get")
                        .put("status", "completed")
                        .put("text", "out")
                        .put("bytes", 3);
                add(EventType.MESSAGE_RESULTS, results);
            }
            add(
                    EventType.TURN_FINISHED,
                    Json.object().put("turn", "t" + n).put("reason", "done").put("canContinue", false));
        }

        String make() throws Exception {
            int turns = 1 + random.nextInt(6);
            for (int n = 0; n < turns; n++) {
                turn(n);
            }
            Instant created = log.get(0).at();
            house.disk.put(
                    new Conversation("x", "Title", created, created, Conversation.State.IDLE, "test/one", "tags", 0),
                    log);
            house.disk.labels.put(
                    "x", new Labels(random.nextBoolean(), random.nextBoolean(), List.of("tag" + random.nextInt(9))));
            return "x";
        }
    }

    @Test
    void whatIsExportedAndImportedIsExportedTheSame() throws Exception {
        for (long seed = 0; seed < 100; seed++) {
            String id = new Chance(seed).make();
            String exported = library.export(id, Format.JSON);
            Imported imported = take(exported);
            assertThat(imported.notes()).as("seed " + seed).isEmpty();
            String copy = imported.conversations().get(0);
            assertThat(json(library.export(copy, Format.JSON)))
                    .as("seed " + seed)
                    .isEqualTo(json(exported));
            assertThat(library.export(copy, Format.MARKDOWN)).isEqualTo(library.export(id, Format.MARKDOWN));
            assertThat(library.export(copy, Format.HTML)).isEqualTo(library.export(id, Format.HTML));
        }
        assertThat(house.sandboxes.started).isEmpty();
    }

    @Test
    @DisplayName("C.28 what a call brought from the network is untrusted in an imported conversation too")
    void theNetworkStaysUntrusted() throws Exception {
        String exported = "";
        for (long seed = 0; !exported.contains("call.connection"); seed++) {
            exported = library.export(new Chance(seed).make(), Format.JSON);
        }
        String copy = take(exported).conversations().get(0);
        assertThat(house.state(copy).untrusted()).isNotEmpty();
    }

    @Test
    void anExportShowsWhatRanWhyItEndedAndWhatWasThought() throws Exception {
        String exported = "";
        for (long seed = 0; !exported.contains("edited") || !exported.contains("interrupted"); seed++) {
            exported = library.export(new Chance(seed).make(), Format.MARKDOWN);
        }
        assertThat(exported)
                .contains("**Reasoning**", "changed by the user, and run with:", "The answer ended: interrupted");
        String html = library.export("x", Format.HTML);
        assertThat(html)
                .contains("<h2>Reasoning</h2>", "changed by the user, and run with:", "The answer ended: interrupted");
        assertThat(library.export("x", Format.JSON)).contains("edited").doesNotContain("\"grant\"");
    }

    @Test
    void aModelThatIsNotKnownHereIsTold() throws Exception {
        String exported = library.export(new Chance(1).make(), Format.JSON).replace("test/one", "nowhere/gone");
        Imported imported = take(exported);
        assertThat(imported.notes()).singleElement().asString().contains("nowhere/gone", "instead");
    }

    @Test
    void filesThatAreNotWhatTheySayAreLeftOutAndTold() throws Exception {
        String exported = "";
        for (long seed = 0; !exported.contains("\"attachments\""); seed++) {
            exported = library.export(new Chance(seed).make(), Format.JSON);
        }
        ObjectNode file = (ObjectNode) json(exported);
        file.putObject("files");
        Imported imported = take(file.toString());
        assertThat(imported.notes()).singleElement().asString().contains("files, which are not in the file");
        assertThat(library.export(imported.conversations().get(0), Format.JSON)).doesNotContain("attachments");
    }

    @Test
    void filesThatAreDamagedAreTheFaultOfWhoWroteThem() throws Exception {
        ObjectNode file = (ObjectNode) json(library.export(new Chance(1).make(), Format.JSON));
        var before = List.copyOf(house.disk.conversations.keySet());
        for (String damaged : List.of(
                "{\"call\":\"c\",\"name\":\"n\"}",
                "{\"call\":\"c\",\"name\":\"n\",\"base64\":null}",
                "{\"call\":\"c\",\"name\":\"n\",\"base64\":\"%%%\"}",
                "5")) {
            file.putObject("files").set("x", json(damaged));
            ChatException refused = catchThrowableOfType(ChatException.class, () -> take(file.toString()));
            assertThat(refused.kind()).as(damaged).isEqualTo(ChatException.Kind.INVALID);
            assertThat(refused).hasMessageContaining("the files of the conversation are damaged; nothing was imported");
            assertThat(house.disk.conversations.keySet()).hasSameElementsAs(before);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 890})
    void numbersKeepTheirDigitsAndWhatTheLogHoldsIsNotTooDeep(int depth) throws Exception {
        String exported = "";
        for (long seed = 0; !exported.contains("call.requested"); seed++) {
            exported = library.export(new Chance(seed).make(), Format.JSON);
        }
        String arguments = "{\"exact\":0.12345678901234567890,\"price\":1.10,\"deep\":" + "[".repeat(depth)
                + "]".repeat(depth) + "}";
        ObjectNode file = (ObjectNode) json(exported);
        for (JsonNode event : file.path("events")) {
            if (event.path("data").has("arguments")) {
                ((ObjectNode) event.path("data")).set("arguments", json(arguments));
            }
        }
        String copy = take(file.toString()).conversations().get(0);
        String again = take(library.export(copy, Format.JSON)).conversations().get(0);
        assertThat(house.events(again, EventType.CALL_REQUESTED)).isNotEmpty().allMatch(event -> event.data()
                .contains(arguments));
    }

    @Test
    void aConversationOfChatGptWithoutATitleIsCalledAfterWhatWasSaidFirst() throws Exception {
        String id = take("""
                [{"title": null, "create_time": null, "current_node": null, "mapping": {
                  "a": {"message": {"author": {"role": "user"}, "content": {"parts": ["Hello there"]}}}}}]""").conversations().get(0);
        assertThat(house.disk.conversations.get(id).title()).isEqualTo("Hello there");
    }

    @Test
    void whatChatGptKeptElsewhereIsCounted() throws Exception {
        Imported imported = take("""
                [{"title": "Voice", "current_node": "c", "mapping": {
                  "o": {"message": {"author": {"role": "user"}, "content": {"content_type": "user_editable_context", "user_profile": "x"}}},
                  "a": {"parent": "o", "message": {"author": {"role": "user"}, "content": {"content_type": "multimodal_text", "parts": [
                    {"content_type": "audio_transcription", "text": "Hear me"},
                    {"content_type": "audio_asset_pointer", "asset_pointer": "sediment://file_1"},
                    {"content_type": "real_time_user_audio_video_asset_pointer", "audio_asset_pointer": {"asset_pointer": "sediment://file_2"}}]}}},
                  "b": {"parent": "a", "message": {"author": {"role": "user"}, "content": {"content_type": "multimodal_text", "parts": [
                    {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-3"}, "See"]},
                    "metadata": {"attachments": [{"id": "file-3", "name": "seen.png"}, {"id": "file-4", "name": "notes.pdf"}]}}},
                  "c": {"parent": "b", "message": {"author": {"role": "user"}, "content": {"content_type": "text", "parts": [""]},
                    "metadata": {"attachments": [{"id": "file-5", "name": "alone.csv"}]}}}
                }}]""");
        assertThat(imported.notes())
                .containsExactlyInAnyOrder(
                        "left out: messages that are no text (1)",
                        "left out: recordings, which are not in the file (2)",
                        "left out: pictures, which are not in the file (1)",
                        "left out: files, which are not in the file (2)");
        assertThat(library.export(imported.conversations().get(0), Format.MARKDOWN))
                .contains(
                        "Hear me",
                        "[a recording that did not come with the file]",
                        "[a picture that did not come with the file]",
                        "[the file notes.pdf did not come with the file]",
                        "[the file alone.csv did not come with the file]")
                .doesNotContain("seen.png");
    }

    @Test
    void timesPicturesAndToolsOfChatGptAreKeptOrTold() throws Exception {
        Imported imported = take("""
                [{"title": "Old", "create_time": 1700000000.5, "current_node": "d", "mapping": {
                  "a": {"parent": null, "message": {"author": {"role": "user"}, "create_time": 1700000001.25, "content": {"content_type":
                    "multimodal_text", "parts": [{"content_type": "image_asset_pointer", "asset_pointer": "file-service://f"}, "Look"]}}},
                  "b": {"parent": "a", "message": {"author": {"role": "assistant"}, "recipient": "python", "create_time": 1700000002,
                    "content": {"content_type": "code", "text": "print(1)"}}},
                  "c": {"parent": "b", "message": {"author": {"role": "tool", "name": "python"}, "create_time": 1700000003,
                    "content": {"content_type": "execution_output", "text": "1"}}},
                  "d": {"parent": "c", "message": {"author": {"role": "assistant"}, "create_time": 9999999999,
                    "content": {"content_type": "text", "parts": ["One."]}}}
                }}]""");
        String id = imported.conversations().get(0);
        assertThat(imported.notes()).containsExactly("left out: pictures, which are not in the file (1)");
        assertThat(house.disk.conversations.get(id).created()).isEqualTo(Instant.parse("2023-11-14T22:13:20.500Z"));
        assertThat(house.events(id, EventType.MESSAGE_USER).get(0).at())
                .isEqualTo(Instant.parse("2023-11-14T22:13:21.250Z"));
        List<ConversationEvent> log = house.log(id);
        assertThat(log.get(log.size() - 1).at()).isBefore(Instant.now().plusSeconds(1));
        assertThat(library.export(id, Format.MARKDOWN))
                .contains(
                        "[a picture that did not come with the file]",
                        "Look",
                        "[To python]",
                        "print(1)",
                        "[python]",
                        "One.");
    }

    @Test
    void ofAFileThatIsDamagedLaterNothingIsLeft() {
        String good = "{\"title\":\"x\",\"mapping\":{\"a\":{\"message\":{\"author\":{\"role\":\"user\"},"
                + "\"content\":{\"parts\":[\"Hello\"]}}}}}";
        for (String bad : List.of("{\"title\":\"no mapping\"}", "7", "{")) {
            ChatException refused =
                    catchThrowableOfType(ChatException.class, () -> take("[" + good + "," + good + "," + bad + "]"));
            assertThat(refused).as(bad).isNotNull();
            assertThat(refused).hasMessageContaining("nothing was imported").hasMessageNotContaining("\n");
            assertThat(house.disk.conversations).as(bad).isEmpty();
        }
    }

    /** A list of many conversations that exists only while it is read. */
    private static final class Many extends InputStream {
        private final byte[] one;
        private final long count;
        private long number;
        private int at;

        Many(String one, long count) {
            this.one = ("," + one).getBytes(StandardCharsets.UTF_8);
            this.count = count;
        }

        @Override
        public int read() {
            if (number == count) {
                number++;
                return ']';
            }
            if (number > count) {
                return -1;
            }
            byte next = number == 0 && at == 0 ? (byte) '[' : one[at];
            at++;
            if (at == one.length) {
                at = 0;
                number++;
            }
            return next & 0xff;
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            int n = 0;
            for (int b = read(); b >= 0; b = n < length ? read() : -1) {
                bytes[from + n++] = (byte) b;
            }
            return n == 0 ? -1 : n;
        }
    }

    @Test
    void aLargeFileIsReadOneConversationAfterTheOther() throws Exception {
        long megabytes = Boolean.getBoolean("rungpt.soak") ? 4000 : 500;
        String one = "{\"title\":\"x\",\"mapping\":{\"a\":{\"message\":{\"author\":{\"role\":\"user\"},"
                + "\"content\":{\"parts\":[\"" + "x".repeat(1_000_000) + "\"]}}}}}";
        long[] taken = {0};
        ImportFile.read(new Many(one, megabytes), new ImportFile.Sink() {
            @Override
            public void own(ImportFile.Own conversation) {
                throw new AssertionError("none of ours");
            }

            @Override
            public void chatGpt(ChatGptTree tree) throws ChatException {
                taken[0] += tree.paths().size();
            }
        });
        assertThat(taken[0]).isEqualTo(megabytes);
    }

    @Test
    void whatTheLogCouldNotBeReadWithIsRefusedInOneLine() {
        String half = "x".repeat(11_000_000);
        String long1 =
                "[{\"title\":\"x\",\"mapping\":{\"a\":{\"message\":{\"author\":{\"role\":\"user\"},\"content\":{\"parts\":[%s]}}}}}]";
        String event = "{\"format\":\"rungpt-conversation\",\"events\":["
                + "{\"type\":\"conversation.titled\",\"data\":{\"title\":\"t\",\"x\":\"" + half + half + "\"}}]}";
        for (String file : List.of(long1.formatted("\"" + half + half + "\""), event)) {
            ChatException refused = catchThrowableOfType(ChatException.class, () -> take(file));
            assertThat(refused).as(file.substring(0, 60)).isNotNull();
            assertThat(refused.kind()).isEqualTo(ChatException.Kind.INVALID);
            assertThat(refused)
                    .hasMessageContaining("longer than 20000000 characters")
                    .hasMessageContaining("nothing was imported")
                    .hasMessageNotContaining("\n");
            assertThat(house.disk.conversations).isEmpty();
        }
    }

    @Test
    void whatWouldFillTheMemoryIsRefused() {
        String head = "[{\"title\":\"x\",\"mapping\":{\"a\":{\"message\":";
        for (String bomb : List.of(
                "[" + "[],".repeat(5_000_000) + "[]]", "\"" + "x".repeat(70 << 20) + "\"", "[".repeat(2_000_000))) {
            ChatException refused = catchThrowableOfType(ChatException.class, () -> take(head + bomb + "}}}]"));
            assertThat(refused.kind()).isEqualTo(ChatException.Kind.INVALID);
            assertThat(refused).hasMessageContaining("nothing was imported");
        }
    }
}
