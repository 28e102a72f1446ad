package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.Library;
import org.rungpt.api.chat.Opening.Role;
import org.rungpt.api.store.ConversationArchive;
import org.rungpt.api.store.ConversationArchive.Origin;
import org.rungpt.api.store.ConversationStore.Change;
import org.rungpt.api.store.ConversationStore.NewEvent;
import org.rungpt.api.store.StoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whole conversations: branched, written, read. What comes from a file is history and never work to be done. */
final class ChatLibrary implements Library {
    private static final Logger LOG = LoggerFactory.getLogger(ChatLibrary.class);
    private static final int PAGE = 5000;
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Engine engine;
    private final Models models;
    private final String protocol;
    private final AtomicBoolean indexing = new AtomicBoolean();

    ChatLibrary(Engine engine, Models models, String protocol) {
        this.engine = engine;
        this.models = models;
        this.protocol = protocol;
    }

    @Override
    public Conversation branch(String conversation, @Nullable String message, @Nullable Long seq) throws ChatException {
        Conversation from = find(conversation);
        Branching part = Branching.of(from, events(conversation), message, seq);
        Conversation made = make(from.title(), part.model(), part.protocol());
        part.copyFiles(engine.services, conversation, made.id());
        var origin = new Origin(conversation, part.seq());
        List<NewEvent> own = newEvents(part.ran() ? List.of(part.notice()) : List.of());
        withArchive(archive -> {
            archive.branch(made, origin, own);
            return true;
        });
        return find(made.id());
    }

    @Override
    public String export(String conversation, Format format) throws ChatException {
        Conversation found = find(conversation);
        List<ConversationEvent> events = events(conversation);
        return switch (format) {
            case JSON -> ExportFile.json(found, events);
            case MARKDOWN -> ExportFile.markdown(found, events);
            case HTML -> ExportFile.html(found, events);
        };
    }

    @Override
    public List<String> importAll(InputStream json) throws ChatException, IOException {
        JsonNode root = ImportFile.read(json);
        if (root.path("format").asText().equals(ExportFile.FORMAT)) {
            return List.of(importOwn(root));
        }
        List<String> made = new ArrayList<>();
        List<ImportFile.Tree> trees = ImportFile.chatGpt(root);
        for (ImportFile.Tree tree : trees) {
            importTree(tree, made);
        }
        return made;
    }

    /** A conversation that RunGPT wrote, or that says so: only if all its turns are closed, every call among them, it is taken as it is. */
    private String importOwn(JsonNode root) throws ChatException {
        String model = models.defaultModel().orElse("demo/demo");
        var state = new ConversationState(model, protocol);
        List<Draft> events = new ArrayList<>();
        try {
            for (JsonNode one : root.path("events")) {
                String type = one.path("type").asText();
                if (!ExportFile.TYPES.contains(type)) {
                    continue;
                }
                if (!(one.path("data") instanceof ObjectNode data)) {
                    throw ImportFile.wrong("an event of the file has no \"data\"");
                }
                // The files did not come with it.
                data.remove("attachments");
                data.remove("imported");
                state.apply(type, data);
                events.add(new Draft(type, data).asImported());
            }
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw ImportFile.wrong("an event of the file is damaged: " + e.getMessage());
        }
        if (events.isEmpty()) {
            throw ImportFile.wrong("the file has no events");
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
        String title = Titles.of(root.path("conversation").path("title").asText(""));
        Conversation made = make(title, model, protocol);
        create(made, events);
        return made.id();
    }

    private void importTree(ImportFile.Tree tree, List<String> made) throws ChatException {
        // Where branches may leave: after what ends a turn.
        Map<String, Origin> ends = new HashMap<>();
        String model = models.defaultModel().orElse("demo/demo");
        for (List<ImportFile.Node> path : tree.paths()) {
            int shared = 0;
            Origin origin = null;
            for (int i = 0; i < path.size(); i++) {
                Origin end = ends.get(path.get(i).id());
                boolean turnEnds =
                        i + 1 == path.size() || path.get(i + 1).said().role() == Role.USER;
                if (end != null && turnEnds) {
                    origin = end;
                    shared = i + 1;
                }
            }
            String title = tree.title().isBlank() ? Titles.of(path.get(0).said().text()) : Titles.of(tree.title());
            Conversation conversation = make(title, model, protocol);
            List<ImportFile.Node> own = path.subList(shared, path.size());
            Transcript.Written written =
                    Transcript.write(own.stream().map(ImportFile.Node::said).toList(), model);
            if (origin == null) {
                create(conversation, written.events());
            } else {
                Origin from = origin;
                withArchive(archive -> {
                    archive.branch(conversation, from, newEvents(written.events()));
                    return true;
                });
            }
            long before = origin == null ? 0 : origin.seq();
            for (int i = 0; i < own.size(); i++) {
                ends.putIfAbsent(
                        own.get(i).id(),
                        new Origin(conversation.id(), before + written.ends().get(i)));
            }
            made.add(conversation.id());
        }
    }

    /** Gives what was kept before there was search its search texts, in the background. */
    void indexOld() {
        ConversationArchive archive = engine.services.archives.first().orElse(null);
        if (archive == null || !indexing.compareAndSet(false, true)) {
            return;
        }
        engine.threads.execute(() -> {
            try {
                while (!engine.isClosing()) {
                    List<String> ids = archive.unindexed(20);
                    if (ids.isEmpty()) {
                        return;
                    }
                    for (String id : ids) {
                        long shared = archive.entry(id)
                                .map(entry -> entry.origin() == null
                                        ? 0
                                        : entry.origin().seq())
                                .orElse(0L);
                        archive.index(id, texts(id, shared));
                    }
                }
            } catch (StoreException | LogLost e) {
                LOG.warn("older conversations cannot be searched yet: {}", e.getMessage());
            } finally {
                indexing.set(false);
            }
        });
    }

    private Map<Long, String> texts(String id, long after) {
        var search = new SearchText();
        Map<Long, String> texts = new HashMap<>();
        for (ConversationEvent event : pages(id)) {
            String text = search.of(event.type(), Json.object(event.data()));
            if (text != null && event.seq() > after) {
                texts.put(event.seq(), text);
            }
        }
        return texts;
    }

    private static Conversation make(String title, String model, String protocol) {
        Instant now = Instant.now();
        return new Conversation(
                Ids.conversation(now.toEpochMilli()), title, now, now, Conversation.State.IDLE, model, protocol, 0);
    }

    /** All of it or nothing: half of a conversation would be work to be done. */
    private void create(Conversation made, List<Draft> drafts) throws ChatException {
        List<NewEvent> events = newEvents(drafts);
        try {
            engine.access.with(store -> {
                if (store.find(made.id()).isEmpty()) {
                    store.create(made);
                }
                return true;
            });
            engine.access.with(store -> {
                // It may be there though nobody said so.
                boolean there = store.find(made.id()).orElseThrow().lastSeq() > 0;
                return there || !store.append(made.id(), events, Change.NONE).isEmpty();
            });
        } catch (LogLost e) {
            delete(made.id());
            throw e.toChatException();
        }
    }

    private void delete(String id) {
        try {
            engine.access.with(store -> {
                store.delete(id);
                return true;
            });
        } catch (LogLost e) {
            LOG.warn("an import that failed left the empty conversation {}: {}", id, e.getMessage());
        }
    }

    private static List<NewEvent> newEvents(List<Draft> drafts) {
        var search = new SearchText();
        return drafts.stream()
                .map(draft ->
                        new NewEvent(draft.type(), draft.data().toString(), search.of(draft.type(), draft.data())))
                .toList();
    }

    private Conversation find(String id) throws ChatException {
        try {
            return engine.access
                    .with(store -> store.find(id))
                    .orElseThrow(
                            () -> new ChatException(ChatException.Kind.NOT_FOUND, "there is no conversation " + id));
        } catch (LogLost e) {
            throw e.toChatException();
        }
    }

    private List<ConversationEvent> events(String id) throws ChatException {
        try {
            return pages(id);
        } catch (LogLost e) {
            throw e.toChatException();
        }
    }

    private List<ConversationEvent> pages(String id) {
        List<ConversationEvent> all = new ArrayList<>();
        List<ConversationEvent> page;
        do {
            long after = all.isEmpty() ? 0 : all.get(all.size() - 1).seq();
            page = engine.access.with(store -> store.events(id, after, PAGE));
            all.addAll(page);
        } while (page.size() == PAGE);
        return all;
    }

    private interface ArchiveWork<T> {
        T on(ConversationArchive archive) throws StoreException;
    }

    private <T> T withArchive(ArchiveWork<T> work) throws ChatException {
        ConversationArchive archive = engine.services
                .archives
                .await((ConversationArchive) null, PATIENCE)
                .orElseThrow(() ->
                        new ChatException(ChatException.Kind.UNAVAILABLE, "the store is away: try again in a moment"));
        try {
            return work.on(archive);
        } catch (StoreException e) {
            ChatException.Kind kind = e.kind() == StoreException.Kind.NOT_FOUND
                    ? ChatException.Kind.NOT_FOUND
                    : ChatException.Kind.UNAVAILABLE;
            throw new ChatException(kind, String.valueOf(e.getMessage()), e);
        }
    }
}
