package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.artifact.Artifact;
import org.rungpt.api.artifact.ArtifactStore;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.EventType;
import org.rungpt.api.chat.Library.Imported;
import org.rungpt.api.chat.Opening.Role;
import org.rungpt.api.store.ConversationArchive.Labels;
import org.rungpt.api.store.ConversationArchive.Origin;
import org.rungpt.api.store.ConversationStore.NewEvent;

/** One file of conversations on its way in: all of it or nothing. What is not taken over is counted, and told. */
final class Import implements ImportFile.Sink {
    private final Services services;
    private final ChatLibrary library;
    private final Models models;
    private final String protocol;
    private final List<String> made = new ArrayList<>();
    private final Map<String, Integer> left = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();

    Import(Services services, ChatLibrary library, Models models, String protocol) {
        this.services = services;
        this.library = library;
        this.models = models;
        this.protocol = protocol;
    }

    Imported take(InputStream json) throws ChatException, IOException {
        boolean whole = false;
        try {
            ImportFile.read(json, this);
            whole = true;
        } finally {
            for (int i = made.size() - 1; !whole && i >= 0; i--) {
                library.discard(made.get(i));
            }
        }
        left.forEach((what, count) -> notes.add("left out: " + what + " (" + count + ")"));
        return new Imported(made, notes);
    }

    /** The times of events in a row: none is before another one, none is yet to come. */
    private static final class Times {
        private final Instant now = Instant.now();
        private @Nullable Instant last;

        Times(@Nullable Instant first) {
            of(first);
        }

        Instant of(@Nullable Instant at) {
            Instant before = last;
            Instant known = at != null ? at : before;
            if (known == null) {
                return now;
            }
            Instant next = before != null && known.isBefore(before) ? before : known;
            next = next.isAfter(now) || next.isBefore(Instant.EPOCH) ? now : next;
            last = next;
            return next;
        }
    }

    /** A conversation that RunGPT wrote, or that says so: only if all its turns are closed, every call among them, it is taken as it is. */
    @Override
    public void own(ImportFile.Own own) throws ChatException {
        JsonNode told = own.conversation();
        String model = model(told.path("model").asText(""));
        String wanted = told.path("protocol").asText("");
        String known = services.protocol(wanted).isPresent() ? wanted : protocol;
        requireClosed(own, model);
        Labels labels = labels(told);
        var times = new Times(time(told.path("created").asText("")));
        Instant created = times.of(null);
        Conversation conversation =
                ChatLibrary.make(Titles.of(told.path("title").asText("")), created, model, known);
        made.add(conversation.id());
        Map<String, Artifact> files = files(conversation.id(), own.files());
        List<Draft> drafts = new ArrayList<>();
        List<Instant> at = new ArrayList<>();
        for (ImportFile.Event event : own.events()) {
            ObjectNode data = event.data();
            if (event.type().equals(EventType.CALL_ARTIFACT)
                    && !files.containsKey(data.path("artifact").asText())) {
                left.merge("files, which are not in the file", 1, Integer::sum);
                continue;
            }
            attach(data, files);
            drafts.add(new Draft(event.type(), data).asImported());
            at.add(times.of(time(event.at())));
        }
        library.create(conversation, ChatLibrary.newEvents(drafts, at));
        if (!labels.equals(Labels.NONE)) {
            library.withArchive(archive -> {
                archive.label(conversation.id(), before -> labels);
                return true;
            });
        }
    }

    private void requireClosed(ImportFile.Own own, String model) throws ChatException {
        if (own.events().isEmpty()) {
            throw ImportFile.wrong("the file has no events");
        }
        var state = new ConversationState(model, protocol);
        try {
            for (ImportFile.Event event : own.events()) {
                event.data().remove("imported");
                ExportFile.withoutGrants(event.type(), event.data());
                state.apply(event.type(), event.data());
            }
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw ImportFile.wrong("an event of the file is damaged: " + e.getMessage());
        }
        boolean closed = state.turn() == null
                && state.pending().isEmpty()
                && state.answer() == null
                && state.calls().isEmpty()
                && state.background().isEmpty();
        if (!closed) {
            throw ImportFile.wrong(
                    "the file ends in the middle of a turn, or before a call has ended: export it when all has ended");
        }
    }

    private String model(String wanted) {
        String standard = models.defaultModel().orElse("demo/demo");
        if (wanted.isEmpty() || wanted.equals(standard)) {
            return standard;
        }
        try {
            return models.check(wanted);
        } catch (ChatException e) {
            notes.add("goes on with " + standard + " instead of " + Visible.cut(wanted, 80) + ": " + e.getMessage());
            return standard;
        }
    }

    private static Labels labels(JsonNode told) throws ChatException {
        List<String> tags = new ArrayList<>();
        told.path("tags").forEach(tag -> tags.add(tag.asText()));
        try {
            return new Labels(
                    told.path("pinned").asBoolean(), told.path("archived").asBoolean(), tags);
        } catch (IllegalArgumentException e) {
            throw ImportFile.wrong("the tags of the file cannot be kept: " + e.getMessage());
        }
    }

    /** Keeps the files that came with a conversation; one that is not what its id says is none of them. */
    private Map<String, Artifact> files(String conversation, Map<String, JsonNode> told) throws ChatException {
        Map<String, Artifact> kept = new HashMap<>();
        Optional<ArtifactStore> store = services.artifacts.first();
        if (store.isEmpty()) {
            return kept;
        }
        try {
            for (Map.Entry<String, JsonNode> file : told.entrySet()) {
                Artifact artifact = store.get()
                        .put(
                                conversation,
                                file.getValue().path("call").asText(),
                                file.getValue().path("name").asText(),
                                new ByteArrayInputStream(content(file.getValue())));
                if (artifact.id().equals(file.getKey())) {
                    kept.put(artifact.id(), artifact);
                }
            }
        } catch (IllegalArgumentException e) {
            throw ImportFile.wrong("the files of the conversation are damaged: " + e.getMessage());
        } catch (IOException e) {
            throw new ChatException(
                    ChatException.Kind.UNAVAILABLE,
                    "the files of the conversation cannot be kept; nothing was imported: " + e.getMessage(),
                    e);
        }
        return kept;
    }

    private static byte[] content(JsonNode file) throws ChatException {
        try {
            byte[] bytes = file.path("base64").binaryValue();
            if (bytes != null) {
                return bytes;
            }
        } catch (IOException e) {
            // It is no base64: the file's fault, and not the store's.
        }
        throw ImportFile.wrong("the files of the conversation are damaged");
    }

    /** What an event says of its files is told by the files themselves. */
    private void attach(ObjectNode data, Map<String, Artifact> files) {
        if (!data.has("attachments")) {
            return;
        }
        JsonNode told = data.remove("attachments");
        ArrayNode attached = Json.object().putArray("attachments");
        for (JsonNode one : told) {
            Artifact artifact = files.get(one.path("artifact").asText());
            if (artifact == null) {
                left.merge("files, which are not in the file", 1, Integer::sum);
            } else {
                attached.addObject()
                        .put("artifact", artifact.id())
                        .put("name", artifact.name())
                        .put("mediaType", artifact.mediaType())
                        .put("size", artifact.size());
            }
        }
        if (!attached.isEmpty()) {
            data.set("attachments", attached);
        }
    }

    private static @Nullable Instant time(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    @Override
    public void chatGpt(ChatGptTree tree) throws ChatException {
        // Where branches may leave: after what ends a turn.
        Map<String, Origin> ends = new HashMap<>();
        Origin nothing = null;
        String model = models.defaultModel().orElse("demo/demo");
        for (List<ChatGptTree.Node> path : tree.paths()) {
            int shared = 0;
            // Versions of the first message or of its answer share nothing, and are branches all the same.
            Origin origin = nothing;
            for (int i = 0; i < path.size(); i++) {
                Origin end = ends.get(path.get(i).id());
                boolean turnEnds =
                        i + 1 == path.size() || path.get(i + 1).said().role() == Role.USER;
                if (end != null && turnEnds) {
                    origin = end;
                    shared = i + 1;
                }
            }
            List<ChatGptTree.Node> own = path.subList(shared, path.size());
            Transcript.Written written =
                    Transcript.write(own.stream().map(ChatGptTree.Node::said).toList(), model);
            Instant begin = shared == 0 ? tree.created() : path.get(shared - 1).at();
            var times = new Times(begin == null && !own.isEmpty() ? own.get(0).at() : begin);
            Instant created = times.of(null);
            List<Instant> at = new ArrayList<>();
            for (int i = 0; i < own.size(); i++) {
                Instant one = times.of(own.get(i).at());
                while (at.size() < written.ends().get(i)) {
                    at.add(one);
                }
            }
            String title = tree.title().isBlank() ? Titles.of(path.get(0).said().text()) : Titles.of(tree.title());
            Conversation conversation = ChatLibrary.make(title, created, model, protocol);
            made.add(conversation.id());
            nothing = nothing == null ? new Origin(conversation.id(), 0) : nothing;
            List<NewEvent> events = ChatLibrary.newEvents(written.events(), at);
            if (origin == null) {
                library.create(conversation, events);
            } else {
                Origin from = origin;
                library.withArchive(archive -> {
                    archive.branch(conversation, from, events);
                    return true;
                });
            }
            long before = origin == null ? 0 : origin.seq();
            for (int i = 0; i < own.size(); i++) {
                if (written.closed().get(i)) {
                    ends.putIfAbsent(
                            own.get(i).id(),
                            new Origin(
                                    conversation.id(), before + written.ends().get(i)));
                }
            }
        }
        tree.left().forEach((what, count) -> left.merge(what, count, Integer::sum));
    }
}
