package org.rungpt.chat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.artifact.ArtifactStore;
import org.rungpt.api.chat.Message;
import org.rungpt.api.model.ContentPart;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.ModelMessage;
import org.rungpt.api.protocol.CallProtocol;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts pictures, and files and recordings that users attached, behind the results and messages that they belong to, for models that
 * take them: the latest few, and none that is too large. What the model is not given, it is told of.
 */
final class Pictures {
    private static final Logger LOG = LoggerFactory.getLogger(Pictures.class);
    private static final int MOST = 6;
    /** As many messages are looked at for pictures, the latest ones. */
    private static final int MOST_TOLD = 20;

    /** Of a picture, in bytes. */
    static final long LARGEST = 5L << 20;

    private final Services services;
    private final String conversation;

    Pictures(Services services, String conversation) {
        this.services = services;
        this.conversation = conversation;
    }

    /** @return the history as the protocol renders it, with what the model takes of them */
    List<ModelMessage> render(CallProtocol protocol, String nonce, ConversationState state, @Nullable ModelInfo model) {
        List<Message> history = state.history();
        var rendered = new ArrayList<>(protocol.render(nonce, history));
        if (state.pictures().isEmpty()) {
            return rendered;
        }
        int left = MOST;
        int told = 0;
        for (int i = history.size() - 1; i >= 0 && told < MOST_TOLD; i--) {
            List<CallState.LeftFile> files = state.pictures().getOrDefault(id(history.get(i)), List.of());
            List<ContentPart> parts = parts(files, left, model);
            if (!parts.isEmpty()) {
                left -= (int) parts.stream()
                        .filter(part -> !(part instanceof ContentPart.Text))
                        .count();
                told++;
                // What is rendered of the beginning alone ends with the results; merged or not, they stand at the same
                // place in the whole.
                int at = protocol.render(nonce, history.subList(0, i + 1)).size() - 1;
                put(rendered, at, parts);
            }
        }
        return rendered;
    }

    private static String id(Message message) {
        return message instanceof Message.Results results
                ? results.id()
                : message instanceof Message.User user ? user.id() : "";
    }

    private static void put(List<ModelMessage> rendered, int at, List<ContentPart> parts) {
        if (at < 0 || at >= rendered.size()) {
            return;
        }
        ModelMessage results = rendered.get(at);
        if (results.role() == ModelMessage.Role.USER) {
            var content = new ArrayList<>(results.content());
            content.addAll(parts);
            rendered.set(at, new ModelMessage(results.role(), content, results.toolCalls(), results.toolCallId()));
        } else {
            // Results of native calls hold text only.
            rendered.add(at + 1, new ModelMessage(ModelMessage.Role.USER, parts, List.of(), null));
        }
    }

    private static ContentPart notGiven(Medium medium, CallState.LeftFile file, String why) {
        return new ContentPart.Text(
                "\n[You do not " + medium.verb + " the " + medium.one + " " + file.name() + ": it " + why + ".]");
    }

    private static boolean takes(@Nullable ModelInfo model, Medium medium) {
        return model != null && Boolean.TRUE.equals(medium.takenBy(model.takes()));
    }

    private List<ContentPart> parts(List<CallState.LeftFile> files, int most, @Nullable ModelInfo model) {
        List<ContentPart> parts = new ArrayList<>();
        Optional<ArtifactStore> store = services.artifacts.first();
        int shown = 0;
        for (CallState.LeftFile file : files) {
            Medium medium = Medium.of(file.mediaType()).orElse(null);
            if (medium == null) {
                continue;
            } else if (!takes(model, medium)) {
                parts.add(notGiven(medium, file, "could not be sent: this model is not known to take " + medium.many));
                continue;
            } else if (file.size() > LARGEST) {
                parts.add(notGiven(medium, file, "is larger than " + (LARGEST >> 20) + " MiB"));
                continue;
            } else if (shown >= most) {
                parts.add(notGiven(medium, file, "is not among the latest " + MOST));
                continue;
            } else if (store.isEmpty()) {
                parts.add(notGiven(medium, file, "cannot be read now"));
                continue;
            }
            try (InputStream in = Channels.newInputStream(store.get().open(conversation, file.artifact()))) {
                String content = Base64.getEncoder().encodeToString(in.readNBytes((int) LARGEST));
                parts.add(new ContentPart.Text("\n[The " + medium.one + " " + file.name() + ":]"));
                parts.add(medium.part(file, content));
                shown++;
            } catch (IOException | RuntimeException e) {
                parts.add(notGiven(medium, file, "cannot be read now"));
                LOG.warn("the file {} cannot be shown to the model: {}", file.name(), e.toString());
            }
        }
        return parts;
    }
}
