package org.rungpt.api.model;

import java.util.Objects;

/** A piece of a message. */
public sealed interface ContentPart {
    /** Text. */
    record Text(String text) implements ContentPart {
        public Text {
            Objects.requireNonNull(text, "text");
        }
    }

    /**
     * An image.
     *
     * @param mediaType for example {@code image/png}
     * @param base64 its bytes in Base64
     */
    record Image(String mediaType, String base64) implements ContentPart {
        public Image {
            Objects.requireNonNull(mediaType, "mediaType");
            Objects.requireNonNull(base64, "base64");
        }
    }

    /**
     * A file, for models that take files.
     *
     * @param name what to call it
     * @param mediaType for example {@code application/pdf}
     * @param base64 its bytes in Base64
     */
    record File(String name, String mediaType, String base64) implements ContentPart {
        public File {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(mediaType, "mediaType");
            Objects.requireNonNull(base64, "base64");
        }
    }

    /**
     * A recording, for models that hear.
     *
     * @param mediaType {@code audio/wav} or {@code audio/mpeg}
     * @param base64 its bytes in Base64
     */
    record Audio(String mediaType, String base64) implements ContentPart {
        public Audio {
            Objects.requireNonNull(mediaType, "mediaType");
            Objects.requireNonNull(base64, "base64");
        }
    }
}
