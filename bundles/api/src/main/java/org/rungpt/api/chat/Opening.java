package org.rungpt.api.chat;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.model.ContentPart;

/**
 * How a conversation begins.
 *
 * @param model full id of a model; null for the default one
 * @param protocol id of a protocol; null for the one of the model's connection, or the general one
 * @param title its title; null to have it made from the first message
 * @param before what was said elsewhere before; nothing of it is ever run, whatever it looks like
 */
public record Opening(
        @Nullable String model,
        @Nullable String protocol,
        @Nullable String title,
        List<Said> before) {
    /** Who said something. */
    public enum Role {
        /** Whoever brought the conversation, with instructions for the model. */
        SYSTEM,
        USER,
        ASSISTANT
    }

    /**
     * Something that was said.
     *
     * @param pictures what was shown with it
     */
    public record Said(Role role, String text, List<ContentPart.Image> pictures) {
        public Said {
            Objects.requireNonNull(role, "role");
            Objects.requireNonNull(text, "text");
            pictures = List.copyOf(pictures);
        }

        /** With nothing to see. */
        public Said(Role role, String text) {
            this(role, text, List.of());
        }
    }

    public Opening {
        before = List.copyOf(before);
    }

    /** With the protocol of the model's connection, or the general one. */
    public Opening(@Nullable String model, @Nullable String title, List<Said> before) {
        this(model, null, title, before);
    }
}
