package org.rungpt.registry;

import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads JSON as the standard has it and no more: UTF-8, each key once, nothing after it, bounded in every direction. */
final class StrictJson {
    static final int MAX_BYTES = 256 * 1024;
    static final int MAX_DEPTH = 40;

    static final JsonMapper MAPPER = JsonMapper.builder(new JsonFactoryBuilder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxNumberLength(40)
                            .maxNameLength(1000)
                            .maxStringLength(MAX_BYTES)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private StrictJson() {}

    /** Reads one object; if it is none, says why and returns null. */
    static @Nullable ObjectNode object(byte[] bytes, Problems problems) {
        String text = text(bytes, problems);
        if (text == null) {
            return null;
        }
        if (text.isBlank()) {
            problems.file("manifest.json", "is empty: write a JSON object");
            return null;
        }
        try {
            JsonNode node = MAPPER.readTree(text);
            if (node instanceof ObjectNode object) {
                return object;
            }
            problems.file("manifest.json", "is no JSON object: begin with {");
        } catch (JsonProcessingException e) {
            problems.file("manifest.json", at(e.getLocation()) + reason(e));
        }
        return null;
    }

    private static @Nullable String text(byte[] bytes, Problems problems) {
        if (bytes.length > MAX_BYTES) {
            problems.file("manifest.json", "is larger than " + MAX_BYTES / 1024 + " KiB");
            return null;
        }
        if (bytes.length >= 3 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF) {
            problems.file("manifest.json", "begins with a byte order mark: save it as UTF-8 without one");
            return null;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            problems.file("manifest.json", "is not UTF-8: save it in that encoding");
            return null;
        }
    }

    private static String at(@Nullable JsonLocation location) {
        return location == null ? "" : "line " + location.getLineNr() + ", column " + location.getColumnNr() + ": ";
    }

    /** The parser's own words: the first line, without what it says about its source. */
    private static String reason(JsonProcessingException e) {
        String message = e.getOriginalMessage() == null ? "" : e.getOriginalMessage();
        int end = message.indexOf('\n');
        String line = (end < 0 ? message : message.substring(0, end))
                .replaceFirst(", from `.*`", "")
                .replaceFirst("\\s*\\[?\\(?(at )?\\[?Source:.*", "")
                .replaceFirst("\\s*\\((for|set|enable)[^)]*(DeserializationFeature|StreamRead|JsonRead)[^)]*\\)", "");
        if (line.startsWith("Trailing token") || line.contains("Feature.")) {
            line = "something stands behind its end";
        } else if (line.startsWith("Unexpected end-of-input")) {
            line = "it ends too early";
        }
        return "no valid JSON: " + Problems.printable(line, 160);
    }
}
