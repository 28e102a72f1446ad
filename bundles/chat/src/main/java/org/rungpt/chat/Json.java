package org.rungpt.chat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** JSON as text and as tree. Numbers keep their digits; a key that stands twice is an error. */
final class Json {
    /** As deep as the log can be read and written. */
    private static final int DEEPEST = StreamReadConstraints.DEFAULT_MAX_DEPTH;
    /** What stands around it in an event. */
    private static final int AROUND = 100;

    private static final JsonMapper MAPPER = mapper(DEEPEST - AROUND);
    private static final JsonMapper EVENTS = mapper(DEEPEST);

    private Json() {}

    private static JsonMapper mapper(int deepest) {
        return JsonMapper.builder(JsonFactory.builder()
                        .streamReadConstraints(StreamReadConstraints.builder()
                                .maxNestingDepth(deepest)
                                .build())
                        .build())
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .enable(
                        DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS,
                        DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
                .build();
    }

    /** Reads pieces of a file, as deep as an event of the log at most: what follows a piece is the next one. */
    static JsonMapper pieces() {
        return mapper(DEEPEST)
                .rebuild()
                .disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .build();
    }

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /** @throws IllegalArgumentException if the text is no JSON object; the message says why, in one line */
    static ObjectNode object(String text) {
        return object(MAPPER, text);
    }

    /** What an event of the log says. */
    static ObjectNode event(String data) {
        return object(EVENTS, data);
    }

    private static ObjectNode object(JsonMapper mapper, String text) {
        if (read(mapper, text) instanceof ObjectNode object) {
            return object;
        }
        throw new IllegalArgumentException("not a JSON object");
    }

    /** @throws IllegalArgumentException if the text is no JSON; the message says why, in one line */
    static JsonNode parse(String text) {
        return read(MAPPER, text);
    }

    private static JsonNode read(JsonMapper mapper, String text) {
        try {
            return mapper.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e.getOriginalMessage().replaceAll("\\s+", " "), e);
        }
    }

    /** The text of a field; null if it is absent. */
    static @Nullable String text(JsonNode node, String field) {
        JsonNode value = node.get(field);
        return value == null || value.isNull() ? null : value.asText();
    }
}
