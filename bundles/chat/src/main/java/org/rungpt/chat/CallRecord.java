package org.rungpt.chat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.artifact.ArtifactStore;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.EventType;

/** The calls of a conversation as its log and what was kept beside it tell them. */
final class CallRecord {
    private static final int PAGE = 5000;
    private static final int USUAL_LINES = 200;
    private static final int MOST_LINES = 2000;
    /** Less than what a result may hold, so that nothing of it is cut again. */
    private static final int MOST_CHARACTERS = 12_000;

    private static final int LONGEST_LINE = 2000;

    /** One call. */
    private static final class Entry {
        private final ObjectNode requested;
        private final List<ObjectNode> output = new ArrayList<>();
        private @Nullable ObjectNode finished;
        private int files;

        Entry(ObjectNode requested) {
            this.requested = requested;
        }

        String id() {
            return requested.path("call").asText();
        }

        String ref() {
            return requested.path("ref").asText();
        }

        long end(String stream) {
            long told = finished == null ? 0 : finished.path(stream).asLong();
            return output.stream()
                    .filter(piece -> piece.path("stream").asText().equals(stream))
                    .mapToLong(piece ->
                            piece.path("offset").asLong() + piece.path("bytes").asLong())
                    .reduce(told, Math::max);
        }
    }

    private final Engine engine;
    private final String conversation;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private CallRecord(Engine engine, String conversation) {
        this.engine = engine;
        this.conversation = conversation;
    }

    /** @param without a call that is none of them: the one that asks */
    static CallRecord read(Engine engine, String conversation, String without) {
        var record = new CallRecord(engine, conversation);
        long seq = 0;
        List<ConversationEvent> page;
        do {
            long after = seq;
            page = engine.access.with(store -> store.events(conversation, after, PAGE));
            for (ConversationEvent event : page) {
                seq = event.seq();
                if (event.type().startsWith("call.")) {
                    record.apply(event.type(), Json.event(event.data()));
                }
            }
        } while (page.size() == PAGE);
        record.entries.remove(without);
        return record;
    }

    private void apply(String type, ObjectNode data) {
        String id = data.path("call").asText();
        if (type.equals(EventType.CALL_REQUESTED)) {
            entries.put(id, new Entry(data));
        }
        Entry entry = entries.get(id);
        if (entry == null) {
            return;
        }
        switch (type) {
            case EventType.CALL_OUTPUT -> entry.output.add(data);
            case EventType.CALL_ARTIFACT -> entry.files++;
            case EventType.CALL_FINISHED -> entry.finished = data;
            default -> {
                // Says nothing of the output.
            }
        }
    }

    /** A line for each call. */
    String list() {
        if (entries.isEmpty()) {
            return "No call was made before this one.\n";
        }
        var text = new StringBuilder();
        for (Entry entry : entries.values()) {
            ObjectNode end = entry.finished;
            text.append(entry.ref().isEmpty() ? entry.id() : entry.ref())
                    .append("  ")
                    .append(entry.requested.path("task").asText())
                    .append("  ")
                    .append(end == null ? "working" : end.path("status").asText());
            for (String stream : CallState.STREAMS) {
                long bytes = entry.end(stream);
                if (bytes > 0) {
                    text.append("  ").append(stream).append(' ').append(bytes).append(" bytes");
                }
            }
            if (entry.files > 0) {
                text.append("  files ").append(entry.files);
            }
            text.append('\n');
        }
        return text.toString();
    }

    /** A stretch of lines of what a call said, and where it goes on. */
    String show(ObjectNode arguments) throws CallTasks.Wrong, IOException {
        Entry entry = find(arguments.path("call").asText());
        String stream = arguments.path("stream").asText("stdout");
        int first = arguments.path("offset").asInt(1);
        int count = Math.max(1, Math.min(MOST_LINES, arguments.path("lines").asInt(USUAL_LINES)));
        String whole = text(entry, stream);
        List<String> lines = whole.lines().toList();
        String name = "call %s (%s)"
                .formatted(entry.ref(), entry.requested.path("task").asText());
        if (lines.isEmpty()) {
            return "There is no %s of %s%s.\n"
                    .formatted(stream, name, entry.finished == null ? " yet: it has not ended" : "");
        }
        int from = first < 0 ? Math.max(1, lines.size() + first + 1) : Math.max(1, first);
        if (from > lines.size()) {
            throw new CallTasks.Wrong(
                    "offset %d is beyond the %d lines of %s of %s".formatted(first, lines.size(), stream, name));
        }
        var shown = new StringBuilder();
        int at = from;
        while (at <= lines.size() && at < from + count) {
            String line = cut(lines.get(at - 1));
            if (!shown.isEmpty() && shown.length() + line.length() > MOST_CHARACTERS) {
                break;
            }
            shown.append(line).append('\n');
            at++;
        }
        String rest = at > lines.size() ? "" : "; go on with offset " + at;
        return "[%s of %s, lines %d to %d of %d%s]\n%s"
                .formatted(stream, name, from, at - 1, lines.size(), rest, shown);
    }

    private static String cut(String line) {
        return line.length() <= LONGEST_LINE
                ? line
                : line.substring(0, LONGEST_LINE) + " [… " + (line.length() - LONGEST_LINE) + " more characters]";
    }

    private Entry find(String name) throws CallTasks.Wrong {
        Optional<Entry> found = Optional.ofNullable(entries.get(name));
        if (found.isEmpty()) {
            // The id that the model gave it; after a wrong call it may be there twice.
            found = entries.values().stream()
                    .filter(entry -> entry.ref().equals(name))
                    .reduce((one, later) -> later);
        }
        if (found.isPresent()) {
            return found.get();
        }
        String known = entries.values().stream()
                .map(Entry::ref)
                .filter(ref -> !ref.isEmpty())
                .collect(Collectors.joining(", "));
        throw new CallTasks.Wrong(
                "there is no call " + name + "; the calls are: " + (known.isEmpty() ? "none" : known));
    }

    /** All that is known: the beginning from the log, what follows from what was kept, the end from the log again. */
    private String text(Entry entry, String stream) throws IOException {
        var bytes = new ByteArrayOutputStream();
        List<ObjectNode> later = new ArrayList<>();
        for (ObjectNode piece : entry.output) {
            if (piece.path("stream").asText().equals(stream)) {
                if (piece.path("offset").asLong() <= bytes.size()) {
                    add(bytes, piece);
                } else {
                    later.add(piece);
                }
            }
        }
        long end = entry.end(stream);
        Optional<ArtifactStore> store = engine.services.artifacts.first();
        if (store.isPresent() && (!later.isEmpty() || bytes.size() < end)) {
            int room = (int) Math.max(0, Math.min(end, engine.keptOutput) - bytes.size());
            bytes.writeBytes(store.get().keptOutput(conversation, entry.id(), stream, bytes.size(), room));
        }
        for (ObjectNode piece : later) {
            long gap = piece.path("offset").asLong() - bytes.size();
            if (gap > 0) {
                bytes.writeBytes(("\n[… " + gap + " bytes were not kept …]\n").getBytes(StandardCharsets.UTF_8));
                var rest = new ByteArrayOutputStream();
                for (ObjectNode tail : later.subList(later.indexOf(piece), later.size())) {
                    rest.writeBytes(tail.path("text").asText().getBytes(StandardCharsets.UTF_8));
                }
                return bytes.toString(StandardCharsets.UTF_8) + rest.toString(StandardCharsets.UTF_8);
            }
            add(bytes, piece);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** What of the piece is new. */
    private static void add(ByteArrayOutputStream bytes, ObjectNode piece) {
        var text = new OutputText.Piece(
                piece.path("offset").asLong(),
                piece.path("text").asText(),
                piece.path("bytes").asLong());
        byte[] content = text.kept();
        long known = bytes.size() - text.offset();
        if (known < content.length) {
            bytes.write(content, (int) known, content.length - (int) known);
        }
    }
}
