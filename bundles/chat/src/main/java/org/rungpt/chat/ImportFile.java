package org.rungpt.chat;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;

/**
 * Reads files of conversations that anybody may have written, one conversation after the other: a file may be as long as it likes, a
 * conversation may not, and neither may a single message.
 */
final class ImportFile {
    /** Bytes of one conversation in the file. */
    static final long LARGEST = 64 << 20;

    private static final int MOST_CONVERSATIONS = 100_000;
    /** Values in one message; a tree of so many fits the memory. */
    private static final int MOST_VALUES = 200_000;

    /** Characters of one text: as many as can be read back from the log. */
    private static final int LONGEST_TEXT = StreamReadConstraints.DEFAULT_MAX_STRING_LEN;

    private static final JsonMapper MAPPER = Json.pieces();

    /** An event as a file of ours tells it. */
    record Event(String at, String type, ObjectNode data) {}

    /**
     * A conversation of ours.
     *
     * @param conversation what is told of it
     * @param files the contents of files that its events name, by their ids
     */
    record Own(JsonNode conversation, List<Event> events, Map<String, JsonNode> files) {}

    /** Who takes what is read. */
    interface Sink {
        void own(Own conversation) throws ChatException;

        void chatGpt(ChatGptTree tree) throws ChatException;
    }

    private final Bounded in;
    private final Counted parser;

    private ImportFile(InputStream in) throws IOException {
        this.in = new Bounded(in);
        this.parser = new Counted(MAPPER.createParser(this.in));
    }

    /** @throws ChatException if it is no file of conversations; some may have been taken before that was seen */
    static void read(InputStream in, Sink sink) throws ChatException, IOException {
        try {
            var file = new ImportFile(in);
            JsonToken first = file.parser.nextToken();
            if (first == JsonToken.START_ARRAY) {
                file.readChatGpt(sink);
            } else if (first == JsonToken.START_OBJECT) {
                sink.own(file.readOwn());
            } else {
                throw neither();
            }
        } catch (TooMuch e) {
            throw wrong(String.valueOf(e.getMessage()));
        } catch (StreamConstraintsException e) {
            throw wrong(
                    e.getOriginalMessage().startsWith("String")
                            ? "a text of the file is longer than " + LONGEST_TEXT + " characters, which is the most"
                            : "the file cannot be read: "
                                    + e.getOriginalMessage().replaceAll("\\s+", " "));
        } catch (JsonProcessingException e) {
            throw wrong("the file is no JSON: " + e.getOriginalMessage().replaceAll("\\s+", " "));
        }
    }

    private Own readOwn() throws ChatException, IOException {
        JsonNode conversation = MAPPER.createObjectNode();
        List<Event> events = new ArrayList<>();
        Map<String, JsonNode> files = new LinkedHashMap<>();
        boolean known = false;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (field) {
                case "format" -> known = ExportFile.FORMAT.equals(parser.getText());
                case "conversation" -> conversation = tree();
                case "events" -> {
                    if (value != JsonToken.START_ARRAY) {
                        throw wrong("\"events\" of the file is no list");
                    }
                    while (parser.nextToken() != JsonToken.END_ARRAY) {
                        event(tree(), events);
                    }
                }
                case "files" -> {
                    if (value != JsonToken.START_OBJECT) {
                        throw wrong("\"files\" of the file is no object");
                    }
                    while (parser.nextToken() == JsonToken.FIELD_NAME) {
                        String id = parser.currentName();
                        parser.nextToken();
                        files.put(id, tree());
                    }
                }
                default -> parser.skipChildren();
            }
        }
        if (!known) {
            throw neither();
        }
        requireEnd();
        return new Own(conversation, events, files);
    }

    private static void event(JsonNode one, List<Event> events) throws ChatException {
        String type = one.path("type").asText();
        if (ExportFile.TYPES.contains(type)) {
            if (!(one.path("data") instanceof ObjectNode data)) {
                throw wrong("an event of the file has no \"data\"");
            }
            events.add(new Event(one.path("at").asText(), type, data));
        }
    }

    private void readChatGpt(Sink sink) throws ChatException, IOException {
        int number = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                throw neither();
            }
            if (++number > MOST_CONVERSATIONS) {
                throw wrong("the file has more than " + MOST_CONVERSATIONS + " conversations: split it");
            }
            in.begin();
            sink.chatGpt(conversation(number));
        }
        if (number == 0) {
            throw neither();
        }
        requireEnd();
    }

    private ChatGptTree conversation(int number) throws ChatException, IOException {
        var conversation = new ChatGptTree(number);
        boolean mapped = false;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            if (field.equals("mapping") && value == JsonToken.START_OBJECT) {
                mapped = true;
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String id = parser.currentName();
                    parser.nextToken();
                    conversation.add(id, tree());
                }
            } else if (value.isScalarValue() && value != JsonToken.VALUE_NULL) {
                conversation.tell(field, parser.getText());
            } else {
                parser.skipChildren();
            }
        }
        if (!mapped) {
            throw wrong("conversation " + number + " of the file has no \"mapping\": this is no ChatGPT export");
        }
        return conversation;
    }

    /** The value that begins here: small enough to be held. */
    private JsonNode tree() throws IOException {
        parser.begin();
        JsonNode tree = MAPPER.readTree(parser);
        parser.end();
        return tree;
    }

    private void requireEnd() throws ChatException, IOException {
        if (parser.nextToken() != null) {
            throw wrong("something stands behind the end of the file");
        }
    }

    private static ChatException neither() {
        return wrong("this is neither an export of RunGPT nor the conversations.json of a ChatGPT export");
    }

    static ChatException wrong(String why) {
        return new ChatException(ChatException.Kind.INVALID, why + "; nothing was imported");
    }

    private static final class TooMuch extends IOException {
        private static final long serialVersionUID = 1;

        TooMuch(String message) {
            super(message);
        }
    }

    /** Counts the bytes of a conversation. */
    private static final class Bounded extends FilterInputStream {
        private long count;

        Bounded(InputStream in) {
            super(in);
        }

        void begin() {
            count = 0;
        }

        @Override
        public int read() throws IOException {
            int read = super.read();
            count(read < 0 ? 0 : 1);
            return read;
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            int read = super.read(bytes, from, length);
            count(Math.max(0, read));
            return read;
        }

        private void count(int more) throws TooMuch {
            count += more;
            if (count > LARGEST) {
                throw new TooMuch(
                        "a conversation of the file is larger than " + (LARGEST >> 20) + " MiB, which is the most");
            }
        }
    }

    /** Counts the values of a tree: short text can be a large tree. */
    private static final class Counted extends JsonParserDelegate {
        private int left = Integer.MAX_VALUE;

        Counted(JsonParser parser) {
            super(parser);
        }

        void begin() {
            left = MOST_VALUES;
        }

        void end() {
            left = Integer.MAX_VALUE;
        }

        @Override
        public @Nullable JsonToken nextToken() throws IOException {
            if (left-- == 0) {
                throw new TooMuch("a message of the file has more than " + MOST_VALUES + " values");
            }
            return super.nextToken();
        }

        // The parser itself would not be counted.
        @Override
        public @Nullable String nextFieldName() throws IOException {
            return nextToken() == JsonToken.FIELD_NAME ? currentName() : null;
        }

        @Override
        public @Nullable String nextTextValue() throws IOException {
            return nextToken() == JsonToken.VALUE_STRING ? getText() : null;
        }
    }
}
