package org.rungpt.chat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.store.ConversationArchive.Labels;

/** Writes conversations: for people as Markdown or one page of HTML that runs nothing, for import as JSON. */
final class ExportFile {
    static final String FORMAT = "rungpt-conversation";

    /** What leaves this machine: nothing that grants anything, names directories of the host, or is told to the model only. */
    static final Set<String> TYPES = Set.of(
            EventType.CONVERSATION_TITLED,
            EventType.MESSAGE_IMPORTED,
            EventType.MESSAGE_USER,
            EventType.MESSAGE_EXPANDED,
            EventType.TURN_STARTED,
            EventType.MESSAGE_STARTED,
            EventType.MESSAGE_TEXT,
            EventType.MESSAGE_FINISHED,
            EventType.CONTEXT_SHORTENED,
            EventType.CONTEXT_SUMMARISED,
            EventType.CALL_REQUESTED,
            EventType.APPROVAL_DECIDED,
            EventType.CALL_STARTED,
            EventType.CALL_BACKGROUND,
            EventType.CALL_OUTPUT,
            EventType.CALL_CONNECTION,
            EventType.CALL_ARTIFACT,
            EventType.CALL_FINISHED,
            EventType.MESSAGE_RESULTS,
            EventType.TURN_FINISHED);

    /** Something that a reader sees. */
    private record Block(String who, StringBuilder text, boolean code) {}

    private ExportFile() {}

    /** @param files what {@link ExportedFiles} found */
    static String json(Conversation conversation, Labels labels, List<ConversationEvent> events, ObjectNode files) {
        ObjectNode root = Json.object().put("format", FORMAT).put("version", 1);
        List<ConversationEvent> told =
                events.stream().filter(event -> TYPES.contains(event.type())).toList();
        Instant updated = told.isEmpty()
                ? conversation.created()
                : told.get(told.size() - 1).at();
        ObjectNode head = root.putObject("conversation")
                .put("title", conversation.title())
                .put("model", conversation.model())
                .put("protocol", conversation.protocol())
                .put("created", conversation.created().toString())
                .put("updated", updated.toString())
                .put("pinned", labels.pinned())
                .put("archived", labels.archived());
        labels.tags().forEach(head.putArray("tags")::add);
        ArrayNode array = root.putArray("events");
        for (ConversationEvent event : told) {
            ObjectNode data = Json.event(event.data());
            withoutGrants(event.type(), data);
            data.remove("sandbox");
            data.remove("imported");
            array.addObject()
                    .put("at", event.at().toString())
                    .put("type", event.type())
                    .set("data", data);
        }
        root.set("files", files);
        return root.toPrettyString() + "\n";
    }

    /** What was decided stays, not what it allows from then on. */
    static void withoutGrants(String type, ObjectNode data) {
        if (type.equals(EventType.APPROVAL_DECIDED)) {
            data.remove("grant");
            data.put("scope", "once");
        }
    }

    static String markdown(Conversation conversation, List<ConversationEvent> events) {
        var out = new StringBuilder("# ").append(conversation.title()).append("\n");
        for (Block block : blocks(events)) {
            out.append("\n**").append(block.who()).append("**\n\n");
            if (block.code()) {
                String fence = "```";
                while (block.text().indexOf(fence) >= 0) {
                    fence += "`";
                }
                out.append(fence).append("\n").append(block.text().toString().stripTrailing());
                out.append("\n").append(fence).append("\n");
            } else {
                out.append(block.text().toString().strip()).append("\n");
            }
        }
        return out.toString();
    }

    static String html(Conversation conversation, List<ConversationEvent> events) {
        var out = new StringBuilder("<!doctype html>\n<html><head><meta charset=\"utf-8\">\n")
                .append(
                        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
                .append("<title>")
                .append(escape(conversation.title()))
                .append(
                        "</title>\n<style>body{max-width:50rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 sans-serif}")
                .append("h2{font-size:1rem;margin:1.5rem 0 .3rem}div{white-space:pre-wrap;overflow-wrap:anywhere}")
                .append("pre{background:#eee;padding:.6rem;overflow:auto}</style></head><body>\n<h1>")
                .append(escape(conversation.title()))
                .append("</h1>\n");
        for (Block block : blocks(events)) {
            String element = block.code() ? "pre" : "div";
            out.append("<h2>")
                    .append(escape(block.who()))
                    .append("</h2>\n<")
                    .append(element)
                    .append(">");
            out.append(escape(block.text().toString().strip()));
            out.append("</").append(element).append(">\n");
        }
        return out.append("</body></html>\n").toString();
    }

    /** Escapes for text and attributes; what reverses the direction of text or cannot be shown becomes visible. */
    static String escape(String text) {
        var out = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                case '\n', '\t' -> out.append((char) c);
                default -> {
                    int type = Character.getType(c);
                    boolean hidden = c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069;
                    if (hidden || type == Character.CONTROL || type == Character.SURROGATE) {
                        out.append('\ufffd');
                    } else {
                        out.appendCodePoint(c);
                    }
                }
            }
        });
        return out.toString();
    }

    private static Block end(String what, String why) {
        return new Block("Note", new StringBuilder(what + (why.isBlank() ? "." : ": " + why)), false);
    }

    private static Iterable<Block> blocks(List<ConversationEvent> events) {
        Map<String, Block> blocks = new LinkedHashMap<>();
        for (ConversationEvent event : events) {
            ObjectNode data = Json.event(event.data());
            switch (event.type()) {
                case EventType.MESSAGE_USER ->
                    blocks.put(
                            "m" + data.path("message").asText(),
                            new Block("You", new StringBuilder(data.path("text").asText()), false));
                case EventType.MESSAGE_IMPORTED ->
                    blocks.put(
                            "m" + data.path("message").asText(),
                            new Block(
                                    switch (data.path("role").asText()) {
                                        case "assistant" -> "Assistant";
                                        case "system" -> "Instructions";
                                        default -> "You";
                                    },
                                    new StringBuilder(data.path("text").asText()),
                                    false));
                case EventType.MESSAGE_TEXT -> {
                    boolean answer = data.path("channel").asText("answer").equals("answer");
                    blocks.computeIfAbsent(
                                    (answer ? "m" : "r") + data.path("message").asText(),
                                    id -> new Block(answer ? "Assistant" : "Reasoning", new StringBuilder(), false))
                            .text()
                            .append(data.path("text").asText());
                }
                case EventType.MESSAGE_FINISHED -> {
                    String message = data.path("message").asText();
                    String reason = data.path("reason").asText();
                    if (reason.equals("superseded")) {
                        blocks.remove("m" + message);
                        blocks.remove("r" + message);
                    } else if (!reason.equals("stop")) {
                        String why = data.path("error")
                                .path("message")
                                .asText(data.path("detail").asText(""));
                        blocks.put("e" + message, end("The answer ended: " + reason, why));
                    }
                }
                case EventType.TURN_FINISHED -> {
                    String reason = data.path("reason").asText();
                    if (!reason.equals("done")) {
                        blocks.put(
                                "t" + data.path("turn").asText(),
                                end(
                                        "The turn ended: " + reason,
                                        data.path("detail").asText("")));
                    }
                }
                case EventType.CONTEXT_SUMMARISED ->
                    blocks.put(
                            "s" + data.path("message").asText(),
                            new Block(
                                    "Summary for the model, in place of what was said before",
                                    new StringBuilder(data.path("text").asText()),
                                    false));
                case EventType.APPROVAL_DECIDED -> {
                    Block block = blocks.get("c" + data.path("call").asText());
                    if (block != null && data.has("arguments")) {
                        block.text()
                                .append("changed by the user, and run with:\n")
                                .append(data.get("arguments"))
                                .append("\n");
                    }
                }
                case EventType.CALL_ARTIFACT -> {
                    Block block = blocks.get("c" + data.path("call").asText());
                    if (block != null) {
                        block.text()
                                .append("\n[left the file ")
                                .append(Visible.cut(data.path("name").asText(), 200))
                                .append("]\n");
                    }
                }
                case EventType.CALL_REQUESTED ->
                    blocks.put(
                            "c" + data.path("call").asText(),
                            new Block(
                                    "Call of " + data.path("task").asText().replaceAll("[^A-Za-z0-9_./-]", "?"),
                                    new StringBuilder(data.path("arguments").toString()).append("\n"),
                                    true));
                case EventType.CALL_OUTPUT -> {
                    Block block = blocks.get("c" + data.path("call").asText());
                    if (block != null) {
                        block.text().append(data.path("text").asText());
                    }
                }
                case EventType.CALL_FINISHED -> {
                    Block block = blocks.get("c" + data.path("call").asText());
                    if (block != null) {
                        block.text()
                                .append("\n[")
                                .append(data.path("status").asText())
                                .append(
                                        data.has("exit")
                                                ? ", exit " + data.path("exit").asInt()
                                                : "")
                                .append("]");
                    }
                }
                default -> {
                    // nothing to read
                }
            }
        }
        return blocks.values();
    }
}
