package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.rungpt.api.artifact.Artifact;
import org.rungpt.api.artifact.ArtifactStore;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.model.ContentPart;

/**
 * The files that go with a user's message: pictures, PDF and audio are given to models that take them, text is told to every model.
 *
 * @param texts what is told of each file
 */
record Attachments(List<CallState.LeftFile> pictures, List<String> texts) {
    private static final int MOST = 10;
    /** What stands for a call at files that no call left. */
    private static final String BROUGHT = "upload";

    private static final int MAX_TEXT = 256 << 10;

    Attachments {
        pictures = List.copyOf(pictures);
        texts = List.copyOf(texts);
    }

    /** As an event holds them. */
    static List<CallState.LeftFile> read(JsonNode attachments) {
        List<CallState.LeftFile> files = new ArrayList<>();
        for (JsonNode each : attachments) {
            files.add(new CallState.LeftFile(
                    each.path("artifact").asText(),
                    each.path("name").asText(),
                    each.path("mediaType").asText(),
                    each.path("size").asLong()));
        }
        return files;
    }

    static Attachments read(Services services, String conversation, List<String> artifacts) throws ChatException {
        List<CallState.LeftFile> pictures = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        if (artifacts.size() > MOST) {
            throw new ChatException(ChatException.Kind.INVALID, "a message takes at most " + MOST + " files");
        }
        for (String id : artifacts) {
            ArtifactStore store = files(services);
            try {
                Artifact artifact = store.find(conversation, id)
                        .orElseThrow(() -> new ChatException(
                                ChatException.Kind.NOT_FOUND, "there is no artifact " + Visible.cut(id, 80) + " here"));
                Optional<Medium> medium = Medium.of(artifact.mediaType());
                if (medium.isPresent()) {
                    if (artifact.size() > Pictures.LARGEST) {
                        throw new ChatException(
                                ChatException.Kind.INVALID,
                                artifact.name() + " is larger than " + (Pictures.LARGEST >> 20)
                                        + " MiB, which is the most that models are given: attach a smaller one");
                    }
                    pictures.add(new CallState.LeftFile(
                            artifact.id(), artifact.name(), artifact.mediaType(), artifact.size()));
                    texts.add("[Attached " + medium.get().mark + ": " + artifact.name() + "]");
                } else {
                    texts.add(text(store, conversation, artifact));
                }
            } catch (IOException e) {
                throw new ChatException(ChatException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e);
            }
        }
        return new Attachments(pictures, texts);
    }

    /** Keeps pictures that were shown elsewhere. */
    static Attachments store(Services services, String conversation, List<ContentPart.Image> shown)
            throws ChatException {
        List<String> ids = new ArrayList<>();
        for (ContentPart.Image image : shown) {
            String name =
                    "picture." + image.mediaType().substring(image.mediaType().indexOf('/') + 1);
            try {
                InputStream bytes = new ByteArrayInputStream(Base64.getDecoder().decode(image.base64()));
                ids.add(files(services).put(conversation, BROUGHT, name, bytes).id());
            } catch (IllegalArgumentException e) {
                throw new ChatException(ChatException.Kind.INVALID, "a picture is no Base64", e);
            } catch (IOException e) {
                throw new ChatException(ChatException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e);
            }
        }
        return read(services, conversation, ids);
    }

    private static ArtifactStore files(Services services) throws ChatException {
        return services.artifacts
                .first()
                .orElseThrow(() -> new ChatException(
                        ChatException.Kind.UNAVAILABLE, "files cannot be read now: try again in a moment"));
    }

    private static String text(ArtifactStore store, String conversation, Artifact artifact)
            throws IOException, ChatException {
        try (InputStream in = Channels.newInputStream(store.open(conversation, artifact.id()))) {
            byte[] bytes = in.readNBytes(MAX_TEXT + 1);
            if (bytes.length > MAX_TEXT) {
                throw new ChatException(
                        ChatException.Kind.INVALID,
                        artifact.name() + " is larger than " + (MAX_TEXT >> 10)
                                + " KiB, which is the most for a text file");
            }
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            String fence = "```";
            while (text.contains(fence)) {
                fence += "`";
            }
            return "[Attached file: " + artifact.name() + "]\n" + fence + "\n" + text
                    + (text.endsWith("\n") ? "" : "\n") + fence;
        } catch (CharacterCodingException e) {
            throw new ChatException(
                    ChatException.Kind.INVALID,
                    artifact.name()
                            + " is neither a picture (PNG, JPEG, GIF, WebP) nor PDF nor audio (WAV, MP3) nor text in UTF-8: "
                            + artifact.mediaType().toLowerCase(Locale.ROOT),
                    e);
        }
    }

    /** What the user said, and behind it what is told of the files. */
    String with(String said) {
        return texts.isEmpty() ? said : said + (said.isBlank() ? "" : "\n\n") + String.join("\n\n", texts);
    }
}
