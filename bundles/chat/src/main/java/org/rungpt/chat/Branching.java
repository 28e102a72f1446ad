package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.NoSuchFileException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.artifact.Artifact;
import org.rungpt.api.artifact.ArtifactStore;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.EventType;

/**
 * Where a branch parts from its origin and what it takes along: the shared events, the files that they name, not the workspace.
 *
 * @param seq the last event that both share
 * @param model the model at that time
 * @param protocol the protocol at that time
 * @param artifacts files that the shared events name, and those of the message that is said anew
 * @param calls calls of the shared events that were started
 * @param elsewhere those of them that run on in the origin, or whose results were not told yet: by id, what the model called them
 */
record Branching(
        long seq,
        String model,
        String protocol,
        Set<String> artifacts,
        Set<String> calls,
        Map<String, String> elsewhere) {
    /** What user and model are told where a branch begins. */
    static final String NOTICE =
            "This conversation is a branch of another one. Its workspace is new and empty: files that earlier calls wrote are not there.";

    private static final int PIECE = 1 << 20;

    static Branching of(Conversation from, List<ConversationEvent> events, @Nullable String message, @Nullable Long seq)
            throws ChatException {
        String model = atFirst(events, EventType.MESSAGE_STARTED, "model", from.model());
        String protocol = atFirst(events, EventType.CONVERSATION_STARTED, "protocol", from.protocol());
        var state = new ConversationState(model, protocol);
        Set<String> artifacts = new LinkedHashSet<>();
        Set<String> calls = new LinkedHashSet<>();
        var found = new Branching(0, model, protocol, Set.of(), Set.of(), Map.of());
        boolean here = message == null && (seq == null || seq == 0);
        for (ConversationEvent event :
                seq != null && seq == 0 && message == null ? List.<ConversationEvent>of() : events) {
            ObjectNode data = Json.event(event.data());
            data.path("attachments")
                    .forEach(file -> artifacts.add(file.path("artifact").asText()));
            if (event.type().equals(EventType.MESSAGE_USER)
                    && data.path("message").asText().equals(message)) {
                here = true;
                break;
            }
            state.apply(event.type(), data);
            JsonNode call = data.path("call");
            switch (event.type()) {
                case EventType.CALL_ARTIFACT ->
                    artifacts.add(data.path("artifact").asText());
                case EventType.CALL_STARTED -> calls.add(call.asText());
                default -> {
                    // names no file
                }
            }
            if (isBetween(state)) {
                found = new Branching(
                        event.seq(), state.model(), state.protocol(), Set.of(), Set.copyOf(calls), elsewhere(state));
            }
            if (message == null && seq != null && event.seq() == seq) {
                here = true;
                break;
            }
        }
        if (!here) {
            throw new ChatException(ChatException.Kind.NOT_FOUND, "there is no such message in this conversation");
        }
        if ((message != null || seq != null) && !isBetween(state)) {
            throw new ChatException(
                    ChatException.Kind.CONFLICT,
                    "a turn is under way there: branch before a message that began a turn, or where a turn has ended");
        }
        return new Branching(found.seq, found.model, found.protocol, artifacts, found.calls, found.elsewhere);
    }

    /**
     * What was so until the first change: a change tells only what is so from then on. Whom an imported turn asked says nothing, since
     * it may not be here.
     *
     * @param type the events that tell it
     */
    private static String atFirst(List<ConversationEvent> events, String type, String field, String now) {
        String told = now;
        boolean imported = false;
        for (ConversationEvent event : events) {
            if (event.type().equals(EventType.MESSAGE_USER)) {
                imported = Json.event(event.data()).path("imported").asBoolean();
            } else if (event.type().equals(type) && !imported) {
                told = Json.event(event.data()).path(field).asText(told);
            } else if (event.type().equals(EventType.CONVERSATION_CHANGED)
                    && Json.event(event.data()).hasNonNull(field)) {
                return told;
            }
        }
        return now;
    }

    private static Map<String, String> elsewhere(ConversationState state) {
        Map<String, String> calls = new LinkedHashMap<>();
        state.background().values().forEach(call -> calls.put(call.id, call.task + " (" + call.ref + ")"));
        return Collections.unmodifiableMap(calls);
    }

    private static boolean isBetween(ConversationState state) {
        return state.turn() == null && state.pending().isEmpty();
    }

    /** What user and model are told where the branch begins; a call that runs on belongs to the origin alone. */
    Draft notice() {
        String text = elsewhere.isEmpty()
                ? NOTICE
                : NOTICE + " These calls go on in the other conversation, and their results arrive only there: "
                        + String.join(", ", elsewhere.values()) + ".";
        return Draft.branched(text, elsewhere.keySet());
    }

    /** Whether a call may have written files that the branch does not have. */
    boolean ran() {
        return !calls.isEmpty();
    }

    /** Files keep their ids, which are made of call, name and content. What cannot be copied was lost before. */
    void copyFiles(Services services, String from, String to) throws ChatException {
        Optional<ArtifactStore> store = services.artifacts.first();
        if (store.isEmpty()) {
            return;
        }
        try {
            for (String id : artifacts) {
                Optional<Artifact> artifact = store.get().find(from, id);
                if (artifact.isPresent()) {
                    copy(store.get(), from, to, artifact.get());
                }
            }
            for (String call : calls) {
                for (String stream : List.of("stdout", "stderr")) {
                    copyOutput(store.get(), from, to, call, stream);
                }
            }
        } catch (IOException e) {
            throw new ChatException(
                    ChatException.Kind.UNAVAILABLE, "the files of the branch cannot be copied: " + e.getMessage(), e);
        }
    }

    private static void copy(ArtifactStore store, String from, String to, Artifact artifact) throws IOException {
        try (InputStream bytes = Channels.newInputStream(store.open(from, artifact.id()))) {
            store.put(to, artifact.call(), artifact.name(), bytes);
        } catch (NoSuchFileException e) {
            // it is missing in the origin too
        }
    }

    private static void copyOutput(ArtifactStore store, String from, String to, String call, String stream)
            throws IOException {
        long offset = 0;
        for (byte[] piece = store.keptOutput(from, call, stream, 0, PIECE);
                piece.length > 0;
                piece = store.keptOutput(from, call, stream, offset, PIECE)) {
            store.keepOutput(to, call, stream, offset, ByteBuffer.wrap(piece));
            offset += piece.length;
        }
    }
}
