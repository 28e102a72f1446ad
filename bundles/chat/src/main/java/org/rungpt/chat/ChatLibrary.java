package org.rungpt.chat;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.artifact.ArtifactStore;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.Library;
import org.rungpt.api.store.ConversationArchive;
import org.rungpt.api.store.ConversationArchive.Labels;
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
    private final Deletions deletions;
    private final AtomicBoolean indexing = new AtomicBoolean();

    ChatLibrary(Engine engine, Models models, String protocol, Deletions deletions) {
        this.engine = engine;
        this.models = models;
        this.protocol = protocol;
        this.deletions = deletions;
    }

    @Override
    public Conversation branch(String conversation, @Nullable String message, @Nullable Long seq) throws ChatException {
        Conversation from = find(conversation);
        Branching part = Branching.of(from, events(conversation), message, seq);
        Conversation made = make(from.title(), Instant.now(), part.model(), part.protocol());
        var origin = new Origin(conversation, part.seq());
        List<NewEvent> own = newEvents(part.ran() ? List.of(part.notice()) : List.of());
        deletions.making(made.id());
        try {
            part.copyFiles(engine.services, conversation, made.id());
            withArchive(archive -> {
                archive.branch(made, origin, own);
                return true;
            });
        } finally {
            deletions.made(made.id());
        }
        return find(made.id());
    }

    @Override
    public String export(String conversation, Format format) throws ChatException {
        Conversation found = find(conversation);
        List<ConversationEvent> events = events(conversation);
        return switch (format) {
            case JSON ->
                ExportFile.json(
                        found, labels(conversation), events, ExportedFiles.of(engine.services, conversation, events));
            case MARKDOWN -> ExportFile.markdown(found, events);
            case HTML -> ExportFile.html(found, events);
        };
    }

    private Labels labels(String conversation) throws ChatException {
        return withArchive(archive -> archive.entry(conversation))
                .map(ConversationArchive.Entry::labels)
                .orElse(Labels.NONE);
    }

    @Override
    public Imported importAll(InputStream json) throws ChatException, IOException {
        return new Import(engine.services, this, models, protocol).take(json);
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
            String text = search.of(event.type(), Json.event(event.data()));
            if (text != null && event.seq() > after) {
                texts.put(event.seq(), text);
            }
        }
        return texts;
    }

    static Conversation make(String title, Instant created, String model, String protocol) {
        return new Conversation(
                Ids.conversation(Instant.now().toEpochMilli()),
                title,
                created,
                created,
                Conversation.State.IDLE,
                model,
                protocol,
                0);
    }

    /** All of it or nothing: half of a conversation would be work to be done. */
    void create(Conversation made, List<NewEvent> events) throws ChatException {
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
            discard(made.id());
            throw e.toChatException();
        }
    }

    /** Takes back what an import that failed has made. */
    void discard(String id) {
        try {
            engine.access.with(store -> {
                store.delete(id);
                return true;
            });
            for (ArtifactStore files : engine.services.artifacts.all()) {
                files.delete(id);
            }
        } catch (LogLost | IOException e) {
            LOG.warn("an import that failed left the conversation {}: {}", id, e.getMessage());
        }
    }

    private static List<NewEvent> newEvents(List<Draft> drafts) {
        return newEvents(drafts, Collections.nCopies(drafts.size(), (Instant) null));
    }

    /** @param at when each of them happened; null for now */
    static List<NewEvent> newEvents(List<Draft> drafts, List<@Nullable Instant> at) {
        var search = new SearchText();
        List<NewEvent> events = new ArrayList<>(drafts.size());
        for (int i = 0; i < drafts.size(); i++) {
            Draft draft = drafts.get(i);
            events.add(new NewEvent(
                    draft.type(), draft.data().toString(), search.of(draft.type(), draft.data()), at.get(i)));
        }
        return events;
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

    /** Work on an archive. */
    interface ArchiveWork<T> {
        T on(ConversationArchive archive) throws StoreException;
    }

    <T> T withArchive(ArchiveWork<T> work) throws ChatException {
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
