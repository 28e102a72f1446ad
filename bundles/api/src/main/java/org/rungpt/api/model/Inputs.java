package org.rungpt.api.model;

import org.jspecify.annotations.Nullable;

/**
 * What a model takes besides text. Null stands for what is unknown.
 *
 * @param images pictures
 * @param files files (PDF)
 * @param audio recordings (WAV, MP3)
 */
public record Inputs(
        @Nullable Boolean images,
        @Nullable Boolean files,
        @Nullable Boolean audio) {
    /** Nothing is known. */
    public static final Inputs UNKNOWN = new Inputs(null, null, null);

    /** Only of images it is known. */
    public static Inputs images(@Nullable Boolean images) {
        return new Inputs(images, null, null);
    }

    /** These, and what is unknown of them as another says it. */
    public Inputs or(Inputs other) {
        return new Inputs(
                images == null ? other.images : images,
                files == null ? other.files : files,
                audio == null ? other.audio : audio);
    }
}
