package org.rungpt.web;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads hostile JSON within bounds, and makes ours. Numbers keep their digits. */
final class Json {
    private static final Pattern TWICE = Pattern.compile("^Duplicate field '([^']{0,200})'");
    /** The bound of a body that may hold files. */
    static final int MAX_FILES_BODY = 24 << 20;

    private static final int MAX_BODY = 4 << 20;
    /** More than the chat engine reads. */
    private static final int OWN_DEPTH = 2000;

    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(50)
                            .maxDocumentLength(MAX_FILES_BODY)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .setNodeFactory(JsonNodeFactory.withExactBigDecimals(true));

    /** What our own bundles keep has no bounds but theirs; what they kept once must be readable for ever. */
    private static final ObjectMapper OWN = new ObjectMapper(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(OWN_DEPTH)
                            .maxStringLength(Integer.MAX_VALUE)
                            .maxNameLength(Integer.MAX_VALUE)
                            .maxNumberLength(Integer.MAX_VALUE)
                            .build())
                    .streamWriteConstraints(StreamWriteConstraints.builder()
                            .maxNestingDepth(2 * OWN_DEPTH)
                            .build())
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .setNodeFactory(JsonNodeFactory.withExactBigDecimals(true));

    private Json() {}

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    static ArrayNode array() {
        return MAPPER.createArrayNode();
    }

    static byte[] bytes(JsonNode node) {
        try {
            return OWN.writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a JSON tree is always writable", e);
        }
    }

    /** JSON that one of our own bundles made. */
    static JsonNode own(String json) {
        try {
            return OWN.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("stored JSON is damaged", e);
        }
    }

    /** The body of a request in a format that is not ours: a JSON object. */
    static ObjectNode foreignBody(HttpServletRequest request) throws ApiException, IOException {
        return foreignBody(request, MAX_BODY);
    }

    private static ObjectNode foreignBody(HttpServletRequest request, int max) throws ApiException, IOException {
        return parse(bytes(request, max));
    }

    /** The body of a request as it is. */
    static byte[] bytes(HttpServletRequest request, int max) throws ApiException, IOException {
        byte[] bytes = request.getInputStream().readNBytes(max + 1);
        if (bytes.length > max) {
            throw new ApiException(413, "too_large", "The body is larger than " + (max >> 20) + " MiB.", null);
        }
        return bytes;
    }

    /** A JSON object; an empty one of nothing. */
    static ObjectNode parse(byte[] bytes) throws ApiException {
        JsonNode node;
        try {
            node = bytes.length == 0 ? object() : MAPPER.readTree(bytes);
        } catch (JsonProcessingException e) {
            throw ApiException.invalid(problem(e));
        } catch (IOException e) {
            throw ApiException.invalid("The body is no text in UTF-8.");
        }
        if (!(node instanceof ObjectNode object)) {
            throw ApiException.invalid("The body must be a JSON object.");
        }
        return object;
    }

    /** The same object with another text for one of its fields; every other byte stays as it is. */
    static byte[] withText(byte[] object, String field, String text) throws ApiException {
        try (JsonParser parser = MAPPER.createParser(object)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean wanted = parser.currentName().equals(field);
                parser.nextToken();
                int from = (int) parser.currentTokenLocation().getByteOffset();
                if (wanted && parser.hasToken(JsonToken.VALUE_STRING) && from >= 0) {
                    parser.getText(); // the parser is behind it then
                    int to = (int) parser.currentLocation().getByteOffset();
                    byte[] value = MAPPER.writeValueAsBytes(text);
                    var changed = new ByteArrayOutputStream(object.length + value.length);
                    changed.write(object, 0, from);
                    changed.write(value, 0, value.length);
                    changed.write(object, to, object.length - to);
                    return changed.toByteArray();
                }
                parser.skipChildren();
            }
        } catch (IOException e) {
            throw ApiException.invalid("The body is no JSON.");
        }
        return bytes(parse(object).put(field, text));
    }

    /** The body of a request: a JSON object with known fields only. */
    static ObjectNode body(HttpServletRequest request, Set<String> fields) throws ApiException, IOException {
        return body(request, fields, MAX_BODY);
    }

    /** @param max how many bytes it may have at most */
    static ObjectNode body(HttpServletRequest request, Set<String> fields, int max) throws ApiException, IOException {
        ObjectNode object = foreignBody(request, max);
        for (var names = object.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!fields.contains(name)) {
                throw ApiException.invalid(
                        "Unknown field \"" + printable(name) + "\"; known are " + String.join(", ", fields) + ".");
            }
        }
        return object;
    }

    /** A text of a body; null if it is absent. */
    static @Nullable String text(ObjectNode body, String field) throws ApiException {
        JsonNode node = body.get(field);
        if (node == null || node.isNull()) {
            return null;
        }
        if (!node.isTextual()) {
            throw ApiException.invalid("\"" + field + "\" must be a string.");
        }
        return node.textValue();
    }

    /** A text of a body that must be there. */
    static String requiredText(ObjectNode body, String field) throws ApiException {
        String text = text(body, field);
        if (text == null) {
            throw ApiException.invalid("\"" + field + "\" is missing.");
        }
        return text;
    }

    /** What is wrong, in our words and where: a parser's own words speak of its insides. */
    private static String problem(JsonProcessingException e) {
        String own = e.getOriginalMessage() == null ? "" : e.getOriginalMessage();
        Matcher twice = TWICE.matcher(own);
        String what = e instanceof StreamConstraintsException
                ? "it is nested too deeply, or a number or a string in it is too long"
                : twice.find()
                        ? "the field \"" + printable(twice.group(1)) + "\" stands in it twice"
                        : own.startsWith("Unexpected end-of-input") || own.startsWith("No content")
                                ? "it ends too early"
                                : own.startsWith("Trailing token")
                                        ? "something stands behind its end"
                                        : "it cannot be read";
        JsonLocation at = e.getLocation();
        return "The body is no JSON: " + what
                + (at == null ? "." : ", line " + at.getLineNr() + ", column " + at.getColumnNr() + ".");
    }

    static String printable(String name) {
        String cut = name.length() > 40 ? name.substring(0, 40) + "…" : name;
        return cut.replaceAll("[\\p{Cntrl}\\p{Cf}]", "\uFFFD");
    }
}
