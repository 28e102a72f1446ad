package org.rungpt.secrets;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.rungpt.files.PrivateFiles;

/**
 * The content of {@code secrets.json}: names in clear, values envelope.
 *
 * @param instance of this installation; values of another one do not open here
 * @param secrets by name
 * @param seal over all of it, so that a name that was taken out is missed
 */
record SecretFile(String instance, SortedMap<String, Envelope> secrets, String seal) {
    private static final int VERSION = 1;
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** The file cannot be understood. */
    static final class DamagedException extends Exception {
        private static final long serialVersionUID = 1;

        DamagedException(String why) {
            super(why);
        }
    }

    static SecretFile empty() {
        return new SecretFile(UUID.randomUUID().toString(), new TreeMap<>(), "");
    }

    static SecretFile read(Path file) throws IOException, DamagedException {
        JsonNode root;
        try {
            root = JSON.readTree(Files.readAllBytes(file));
        } catch (JacksonException e) {
            // Jackson's message would quote the file.
            throw new DamagedException("it is no JSON");
        }
        if (root.path("version").asInt() != VERSION) {
            throw new DamagedException("its version is not " + VERSION);
        }
        SortedMap<String, Envelope> secrets = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry : root.path("secrets").properties()) {
            JsonNode envelope = entry.getValue();
            secrets.put(
                    entry.getKey(),
                    new Envelope(
                            envelope.path("key").asText(),
                            envelope.path("nonce").asText(),
                            envelope.path("value").asText()));
        }
        return new SecretFile(
                root.path("instance").asText(), secrets, root.path("seal").asText());
    }

    /** Replaces the file as a whole; durable on return. */
    void write(Path file) throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.put("version", VERSION).put("instance", instance);
        ObjectNode all = root.putObject("secrets");
        secrets.forEach((name, envelope) -> all.putObject(name)
                .put("key", envelope.key())
                .put("nonce", envelope.nonce())
                .put("value", envelope.text()));
        root.put("seal", seal);
        PrivateFiles.replace(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root));
    }

    /** What a secret of this file is sealed for. */
    String purpose(String name) {
        return "rungpt secret\n" + instance + "\n" + name;
    }

    /** What the seal is over. */
    String sealedText() {
        StringBuilder text = new StringBuilder(instance);
        secrets.forEach((name, envelope) -> text.append('\n')
                .append(name.length())
                .append(' ')
                .append(name)
                .append(' ')
                .append(envelope.nonce())
                .append(' ')
                .append(envelope.text()));
        return text.toString();
    }
}
