package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Opening.Role;
import org.rungpt.api.chat.Opening.Said;

/** One conversation of a ChatGPT export: a tree of messages, of which only what we keep is held. Every link in it is checked. */
final class ChatGptTree {
    private static final int MOST_MESSAGES = 20_000;
    private static final int MOST_BRANCHES = 50;
    private static final int LONGEST_TEXT = 1 << 20;

    /**
     * A message in a tree.
     *
     * @param at when it was written; null if the file does not say
     */
    record Node(String id, Said said, @Nullable Instant at) {}

    private record Link(
            String id,
            @Nullable String parent,
            @Nullable Said said,
            @Nullable Instant at) {}

    private final int number;
    private final Map<String, Link> links = new LinkedHashMap<>();
    private final Map<String, Integer> left = new LinkedHashMap<>();
    private String title = "";
    private String current = "";
    private @Nullable Instant created;

    /** @param number of the conversation in its file */
    ChatGptTree(int number) {
        this.number = number;
    }

    /** A field beside the messages. */
    void tell(String field, String value) {
        switch (field) {
            case "title" -> title = value;
            case "current_node" -> current = value;
            case "create_time" -> created = time(value);
            default -> {
                // Nothing that we keep.
            }
        }
    }

    void add(String id, JsonNode node) throws ChatException {
        JsonNode message = node.path("message");
        links.put(
                id,
                new Link(
                        id,
                        Json.text(node, "parent"),
                        said(message),
                        time(message.path("create_time").asText(""))));
        if (links.size() > MOST_MESSAGES) {
            throw ImportFile.wrong(
                    "conversation " + number + " of the file has more than " + MOST_MESSAGES + " messages");
        }
    }

    String title() {
        return title;
    }

    @Nullable
    Instant created() {
        return created;
    }

    /** What is not taken over, and how many of each. */
    Map<String, Integer> left() {
        return left;
    }

    /** The path that was shown last, then the other paths of the tree. */
    List<List<Node>> paths() {
        cutCircles();
        Set<String> parents = new HashSet<>();
        links.values().forEach(link -> parents.add(link.parent()));
        var leaves = new ArrayList<String>();
        if (links.containsKey(current)) {
            leaves.add(current);
        }
        links.keySet().stream()
                .filter(id -> !parents.contains(id) && !id.equals(current))
                .forEach(leaves::add);
        if (leaves.size() > MOST_BRANCHES) {
            left.merge("other versions of messages", leaves.size() - MOST_BRANCHES, Integer::sum);
        }
        var paths = new ArrayList<List<Node>>();
        for (String leaf : leaves.subList(0, Math.min(MOST_BRANCHES, leaves.size()))) {
            List<Node> path = path(leaf);
            if (!path.isEmpty() && paths.stream().noneMatch(known -> isBeginning(path, known))) {
                paths.add(path);
            }
        }
        return paths;
    }

    /** Of links that form a circle one is cut, so that each message is on a path; the one that was shown last keeps its end. */
    private void cutCircles() {
        var begins = new ArrayList<>(links.keySet());
        begins.add(0, current);
        Set<String> seen = new HashSet<>();
        for (String begin : begins) {
            Set<String> walk = new HashSet<>();
            for (Link link = links.get(begin); link != null && seen.add(link.id()); link = above(link)) {
                walk.add(link.id());
                if (walk.contains(link.parent())) {
                    links.put(link.id(), new Link(link.id(), null, link.said(), link.at()));
                    left.merge("links of messages that form a circle", 1, Integer::sum);
                }
            }
        }
    }

    private @Nullable Link above(Link link) {
        return link.parent() == null ? null : links.get(link.parent());
    }

    private static boolean isBeginning(List<Node> path, List<Node> of) {
        return path.size() <= of.size() && of.subList(0, path.size()).equals(path);
    }

    private List<Node> path(String leaf) {
        var path = new ArrayList<Node>();
        for (Link link = links.get(leaf); link != null; link = above(link)) {
            if (link.said() != null) {
                path.add(new Node(link.id(), link.said(), link.at()));
            }
        }
        Collections.reverse(path);
        return path;
    }

    /** Seconds since 1970, with a fraction. */
    private static @Nullable Instant time(String seconds) {
        try {
            double value = Double.parseDouble(seconds);
            return value > 0 && value < 4e9 ? Instant.ofEpochMilli(Math.round(value * 1000)) : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private @Nullable Said said(JsonNode message) {
        String role = message.path("author").path("role").asText("");
        String text = text(message);
        if (text.isBlank()) {
            return null;
        }
        String tool = message.path("author").path("name").asText("tool");
        String to = message.path("recipient").asText("all");
        return switch (role) {
            case "user" -> new Said(Role.USER, text);
            case "assistant" -> new Said(Role.ASSISTANT, to.equals("all") ? text : quoted("To " + to, text));
            case "tool" -> new Said(Role.ASSISTANT, quoted(tool, text));
            default -> {
                left.merge("messages of the system", 1, Integer::sum);
                yield null;
            }
        };
    }

    /** What tools were told and said is shown as such. */
    private static String quoted(String who, String text) {
        String fence = "```";
        while (text.contains(fence)) {
            fence += "`";
        }
        return "[" + Visible.cut(who, 60) + "]\n" + fence + "\n" + text + "\n" + fence;
    }

    private String text(JsonNode message) {
        JsonNode content = message.path("content");
        String type = content.path("content_type").asText("text");
        if (type.equals("thoughts") || type.equals("reasoning_recap")) {
            left.merge("notes of reasoning", 1, Integer::sum);
            return "";
        }
        var text = new StringBuilder();
        Set<String> pointers = new HashSet<>();
        for (JsonNode part : content.path("parts")) {
            if (part.isTextual() || part.path("text").isTextual()) {
                append(
                        text,
                        part.isTextual() ? part.textValue() : part.path("text").asText());
            } else if (!part.isNull()) {
                pointers.add(part.path("asset_pointer").asText(""));
                leaveOut(text, part);
            }
        }
        if (text.length() == 0) {
            append(text, content.path("text").asText(content.path("result").asText("")));
        }
        if (!content.isEmpty() && !content.has("parts") && !content.has("text") && !content.has("result")) {
            left.merge("messages that are no text", 1, Integer::sum);
        }
        for (JsonNode file : message.path("metadata").path("attachments")) {
            // A picture is a part, and attached too.
            if (pointers.stream()
                    .noneMatch(pointer -> pointer.endsWith("/" + file.path("id").asText("?")))) {
                left.merge("files, which are not in the file", 1, Integer::sum);
                append(
                        text,
                        "[the file " + Visible.cut(file.path("name").asText("?"), 200)
                                + " did not come with the file]");
            }
        }
        return text.toString();
    }

    private void leaveOut(StringBuilder text, JsonNode part) {
        String type = part.path("content_type").asText(part.has("asset_pointer") ? "image" : "");
        if (type.startsWith("image")) {
            left.merge("pictures, which are not in the file", 1, Integer::sum);
            append(text, "[a picture that did not come with the file]");
        } else if (type.contains("audio")) {
            left.merge("recordings, which are not in the file", 1, Integer::sum);
            append(text, "[a recording that did not come with the file]");
        } else {
            left.merge("parts that are no text", 1, Integer::sum);
            append(text, "[a part that is no text]");
        }
    }

    private void append(StringBuilder text, String piece) {
        if (piece.isEmpty()) {
            return;
        }
        int room = LONGEST_TEXT - text.length();
        if (piece.length() + 1 > room) {
            left.merge("ends of messages beyond " + LONGEST_TEXT + " characters", 1, Integer::sum);
        }
        if (room > 1) {
            text.append(text.length() == 0 ? "" : "\n").append(piece, 0, Math.min(piece.length(), room - 1));
        }
    }
}
