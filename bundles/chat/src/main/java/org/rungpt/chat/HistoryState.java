package org.rungpt.chat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.rungpt.api.chat.Message;

/** What the next request tells the model of the conversation, as the log has it. */
final class HistoryState {
    private final List<Message> messages = new ArrayList<>();
    /** By the id of the message that they go with; the oldest first. */
    private final Map<String, List<CallState.LeftFile>> pictures = new LinkedHashMap<>();
    /** System messages that came with the conversation: they are never left out. */
    private final Set<String> pinned = new HashSet<>();

    void add(Message message) {
        messages.add(message);
    }

    void addAll(List<? extends Message> more) {
        messages.addAll(more);
    }

    /** Something that was said elsewhere. */
    void addImported(ObjectNode data) {
        String id = data.path("message").asText();
        String text = data.path("text").asText();
        switch (data.path("role").asText()) {
            case "assistant" -> messages.add(new Message.Assistant(id, List.of(new Message.Part.Text(text))));
            case "system" -> {
                messages.add(new Message.Notice(id, text));
                pinned.add(id);
            }
            default -> messages.add(new Message.User(id, text));
        }
        attach(data);
    }

    /** The pictures that came with a message. */
    void attach(ObjectNode data) {
        List<CallState.LeftFile> attached = Attachments.read(data.path("attachments"));
        if (!attached.isEmpty()) {
            pictures.put(data.path("message").asText(), attached);
        }
    }

    /** @param calls those that have ended, with what they left */
    void addResults(Message.Results results, Collection<CallState> calls) {
        messages.add(results);
        List<CallState.LeftFile> left = calls.stream()
                .flatMap(call -> call.files().stream())
                .filter(file -> Medium.of(file.mediaType()).equals(Optional.of(Medium.PICTURE)))
                .toList();
        if (!left.isEmpty()) {
            pictures.put(results.id(), left);
        }
    }

    /** Instead of what the user wrote. */
    void expand(String id, String text) {
        var told = new Message.User(id, text);
        messages.replaceAll(
                message -> message instanceof Message.User user && user.id().equals(id) ? told : message);
    }

    /** The latest results stay: of a call that went to the background, they are what its interim result was waiting for. */
    void shorten(List<String> calls) {
        messages.subList(0, Math.max(0, Context.lastResults(messages)))
                .replaceAll(message -> message instanceof Message.Results results
                        ? new Message.Results(
                                results.id(),
                                results.results().stream()
                                        .map(one -> calls.contains(one.call()) ? Context.shortened(one) : one)
                                        .toList())
                        : message);
    }

    void summarise(ObjectNode data) {
        String through = data.path("through").asText();
        List<String> kept = PermissionsJson.strings(data.path("kept"));
        for (int i = 0; i < messages.size(); i++) {
            if (Summary.id(messages.get(i)).equals(through)) {
                List<Message> first = messages.subList(0, i + 1);
                first.removeIf(message -> !kept.contains(Summary.id(message)));
                // Before what the user said last, which is the only one of the user's that stays.
                int at = (int) first.stream()
                        .takeWhile(message -> !(message instanceof Message.User))
                        .count();
                messages.add(
                        at,
                        new Message.Notice(
                                data.path("message").asText(), data.path("text").asText()));
                return;
            }
        }
    }

    List<Message> messages() {
        return List.copyOf(messages);
    }

    Map<String, List<CallState.LeftFile>> pictures() {
        return pictures;
    }

    Set<String> pinned() {
        return pinned;
    }
}
