package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads the standard output of a task whose output are events: one JSON object a line (docs/actions.md). It comes out of a sandbox:
 * a line that is too long, no object, or of an unknown type is shown as log text, and nothing it says can break the reading. One
 * thread at a time.
 */
final class EventLines {
    /** A line may have so many bytes. */
    static final int LONGEST = 1 << 20;

    private static final int SHOWN_OF_BAD = 2000;

    /** Takes what the program says. */
    interface Reader {
        /** @param read how many bytes of standard output have been understood so far */
        void said(String stream, String text, long read);

        void progress(String step, @Nullable Double done, @Nullable Double total);

        /** A file that is told in the line itself. */
        void file(String name, byte[] content);
    }

    private final Reader reader;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private long read;
    private long skipped;
    private boolean lineIsOpen;

    /** @param offset where a line begins */
    EventLines(long offset, Reader reader) {
        this.read = offset;
        this.reader = reader;
    }

    /** Takes the next bytes; what was seen before is passed over. */
    void accept(long from, ByteBuffer bytes) {
        long expected = read + line.size() + skipped;
        ByteBuffer fresh = bytes.duplicate();
        if (from < expected) {
            fresh.position((int) Math.min(fresh.limit(), fresh.position() + (expected - from)));
        } else if (from > expected) {
            line.reset();
            skipped = 0;
            read = from;
        }
        while (fresh.hasRemaining()) {
            byte one = fresh.get();
            if (one == '\n') {
                endOfLine(1);
            } else if (line.size() < LONGEST) {
                line.write(one);
            } else {
                skipped++;
            }
        }
    }

    /** The output has ended, perhaps in the middle of a line. */
    void end() {
        if (line.size() > 0) {
            endOfLine(0);
        }
    }

    private void endOfLine(int newline) {
        String text = line.toString(StandardCharsets.UTF_8);
        boolean whole = skipped == 0;
        read += line.size() + skipped + newline;
        line.reset();
        skipped = 0;
        if (text.isBlank()) {
            return;
        }
        ObjectNode event = whole ? parse(text) : null;
        if (event == null || !understand(event)) {
            String shown = text.length() > SHOWN_OF_BAD ? text.substring(0, SHOWN_OF_BAD) + " […]" : text;
            log(shown);
        }
    }

    private static @Nullable ObjectNode parse(String text) {
        try {
            return Json.object(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** @return false if it is no event */
    private boolean understand(ObjectNode event) {
        String text = event.path("text").isTextual() ? event.path("text").textValue() : null;
        switch (event.path("type").asText()) {
            case "progress" ->
                reader.progress(text == null ? "" : line(text), number(event, "done"), number(event, "total"));
            case "log" -> {
                if (text == null) {
                    return false;
                }
                String level = event.path("level").asText("info");
                log(level.equals("info") ? text : line(level) + ": " + text);
            }
            case "text" -> {
                if (text == null) {
                    return false;
                }
                say("stdout", text);
            }
            case "result" -> {
                JsonNode value = event.get("value");
                if (text == null && value == null) {
                    return false;
                }
                say("stdout", (lineIsOpen ? "\n" : "") + (text != null ? text : value(value)));
            }
            case "error" -> {
                String message = event.path("message").asText("");
                reader.said("error", line(message.isBlank() ? "It failed without saying why." : message) + "\n", read);
            }
            case "artifact" -> {
                return artifact(event, text);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean artifact(ObjectNode event, @Nullable String text) {
        String name = event.path("name").isTextual() ? event.path("name").textValue() : null;
        if (name == null) {
            return false;
        }
        if (text != null) {
            reader.file(name, text.getBytes(StandardCharsets.UTF_8));
        } else if (event.has("base64")) {
            try {
                byte[] content = event.path("base64").binaryValue();
                if (content == null) {
                    return false;
                }
                reader.file(name, content);
            } catch (IOException e) {
                return false;
            }
        } else {
            // It lies in the out directory and is collected at the end.
            reader.progress(line(name), null, null);
        }
        return true;
    }

    private void say(String stream, String text) {
        if (!text.isEmpty()) {
            lineIsOpen = !text.endsWith("\n");
            reader.said(stream, text, read);
        }
    }

    private void log(String text) {
        reader.said("log", text.endsWith("\n") ? text : text + "\n", read);
    }

    private static String value(JsonNode value) {
        return value.isTextual() ? value.textValue() : value.toString();
    }

    private static @Nullable Double number(ObjectNode event, String field) {
        JsonNode value = event.path(field);
        return value.isNumber() && Double.isFinite(value.doubleValue()) ? value.doubleValue() : null;
    }

    private static String line(String text) {
        String clean = text.replaceAll("[\\p{Cc}\\p{Cf}\\s]+", " ").strip();
        return clean.length() > 500 ? clean.substring(0, 500) + "…" : clean;
    }
}
