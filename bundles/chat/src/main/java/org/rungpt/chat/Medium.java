package org.rungpt.chat;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ContentPart;
import org.rungpt.api.model.Inputs;

/** What a model may be given besides text, each as one part of a message. */
enum Medium {
    PICTURE("picture", "picture", "pictures", "see"),
    FILE("PDF", "file", "files", "see"),
    AUDIO("audio", "audio", "audio", "hear");

    /** How a message names what is attached. */
    final String mark;

    final String one;
    final String many;
    /** What the model does with it. */
    final String verb;

    Medium(String mark, String one, String many, String verb) {
        this.mark = mark;
        this.one = one;
        this.many = many;
        this.verb = verb;
    }

    /** Nothing if models take no such file. */
    static Optional<Medium> of(String mediaType) {
        return switch (mediaType) {
            case "image/png", "image/jpeg", "image/gif", "image/webp" -> Optional.of(PICTURE);
            case "application/pdf" -> Optional.of(FILE);
            case "audio/wav", "audio/mpeg" -> Optional.of(AUDIO);
            default -> Optional.empty();
        };
    }

    /** Null if nobody knows. */
    @Nullable
    Boolean takenBy(Inputs takes) {
        return switch (this) {
            case PICTURE -> takes.images();
            case FILE -> takes.files();
            case AUDIO -> takes.audio();
        };
    }

    ContentPart part(CallState.LeftFile file, String base64) {
        return switch (this) {
            case PICTURE -> new ContentPart.Image(file.mediaType(), base64);
            case FILE -> new ContentPart.File(file.name(), file.mediaType(), base64);
            case AUDIO -> new ContentPart.Audio(file.mediaType(), base64);
        };
    }
}
