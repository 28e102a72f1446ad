package org.rungpt.chat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Opening.Role;
import org.rungpt.api.chat.Opening.Said;

/** Reads files of conversations that anybody may have written: bounded, and every link in them is checked. */
final class ImportFile {
    static final int LARGEST = 64 << 20;
    private static final int MOST_CONVERSATIONS = 10_000;
    private static final int MOST_MESSAGES = 20_000;
    private static final int MOST_BRANCHES = 50;
    private static final int LONGEST_TEXT = 1 << 20;

    private static final JsonMapper MAPPER = new JsonMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(100)
                    .maxStringLength(16 << 20)
                    .build())
            .build());

    /** One conversation: the path that was shown last, then the other paths of its tree; each message with an id of its own. */
    record Tree(String title, List<List<Node>> paths) {}

    /** A message in a tree. */
    record Node(String id, Said said) {}

    private ImportFile() {}

    /** @throws ChatException if it is no file of conversations */
    static JsonNode read(InputStream in) throws ChatException, IOException {
        byte[] bytes = in.readNBytes(LARGEST + 1);
        if (bytes.length > LARGEST) {
            throw wrong("the file is larger than " + (LARGEST >> 20) + " MiB: split it");
        }
        try {
            return MAPPER.readTree(bytes);
        } catch (JsonProcessingException e) {
            throw wrong("the file is no JSON: " + e.getOriginalMessage().replaceAll("\\s+", " "));
        }
    }

    /** The conversations of a ChatGPT export. */
    static List<Tree> chatGpt(JsonNode root) throws ChatException {
        if (!(root instanceof ArrayNode all) || all.isEmpty()) {
            throw wrong("this is neither an export of RunGPT nor the conversations.json of a ChatGPT export");
        }
        if (all.size() > MOST_CONVERSATIONS) {
            throw wrong("the file has more than " + MOST_CONVERSATIONS + " conversations: split it");
        }
        var trees = new ArrayList<Tree>();
        for (int i = 0; i < all.size(); i++) {
            JsonNode one = all.get(i);
            if (!one.path("mapping").isObject()) {
                throw wrong("conversation " + (i + 1) + " of the file has no \"mapping\": this is no ChatGPT export");
            }
            trees.add(tree(one, i + 1));
        }
        return trees;
    }

    private static Tree tree(JsonNode conversation, int number) throws ChatException {
        Map<String, JsonNode> nodes = new LinkedHashMap<>();
        conversation.path("mapping").fields().forEachRemaining(field -> nodes.put(field.getKey(), field.getValue()));
        if (nodes.size() > MOST_MESSAGES) {
            throw wrong("conversation " + number + " of the file has more than " + MOST_MESSAGES + " messages");
        }
        Set<String> parents = new HashSet<>();
        nodes.values().forEach(node -> parents.add(node.path("parent").asText("")));
        var leaves = new ArrayList<String>();
        String current = conversation.path("current_node").asText("");
        if (nodes.containsKey(current)) {
            leaves.add(current);
        }
        nodes.keySet().stream()
                .filter(id -> !parents.contains(id) && !id.equals(current))
                .limit(MOST_BRANCHES)
                .forEach(leaves::add);
        var paths = new ArrayList<List<Node>>();
        for (String leaf : leaves) {
            List<Node> path = path(nodes, leaf, number);
            if (!path.isEmpty() && paths.stream().noneMatch(known -> isBeginning(path, known))) {
                paths.add(path);
            }
        }
        return new Tree(conversation.path("title").asText(""), paths);
    }

    private static boolean isBeginning(List<Node> path, List<Node> of) {
        return path.size() <= of.size() && of.subList(0, path.size()).equals(path);
    }

    private static List<Node> path(Map<String, JsonNode> nodes, String leaf, int number) throws ChatException {
        var path = new ArrayList<Node>();
        Set<String> seen = new HashSet<>();
        String id = leaf;
        while (nodes.containsKey(id)) {
            if (!seen.add(id)) {
                throw wrong("the messages of conversation " + number + " of the file form a circle");
            }
            JsonNode node = nodes.get(id);
            Said said = said(node.path("message"));
            if (said != null) {
                path.add(0, new Node(id, said));
            }
            id = node.path("parent").asText("");
        }
        return path;
    }

    private static @Nullable Said said(JsonNode message) {
        Role role =
                switch (message.path("author").path("role").asText("")) {
                    case "user" -> Role.USER;
                    case "assistant" -> Role.ASSISTANT;
                    default -> null;
                };
        if (role == null) {
            return null;
        }
        var text = new StringBuilder();
        for (JsonNode part : message.path("content").path("parts")) {
            String piece =
                    part.isTextual() ? part.textValue() : part.path("text").asText("");
            if (!piece.isEmpty() && text.length() + piece.length() <= LONGEST_TEXT) {
                text.append(text.length() == 0 ? "" : "\n").append(piece);
            }
        }
        if (text.length() == 0) {
            String plain = message.path("content").path("text").asText("");
            text.append(plain, 0, Math.min(plain.length(), LONGEST_TEXT));
        }
        String said = text.toString();
        return said.isBlank() ? null : new Said(role, said);
    }

    static ChatException wrong(String why) {
        return new ChatException(ChatException.Kind.INVALID, why + "; nothing was imported");
    }
}
