package org.rungpt.api.artifact;

import java.time.Instant;
import java.util.Objects;

/**
 * A file that a call left in its out directory.
 *
 * @param id unguessable, unique in its conversation
 * @param call the call that left it
 * @param name what to call the file: one line without control characters, folders divided by {@code /}, never absolute, no {@code ..}
 * @param mediaType what it is by its content, whatever its name says, for example {@code image/png}; {@code
 *     application/octet-stream} if nothing is known
 * @param size in bytes
 * @param sha256 of its content, in hexadecimal digits
 * @param created when it was stored
 */
public record Artifact(
        String id, String call, String name, String mediaType, long size, String sha256, Instant created) {
    public Artifact {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(call, "call");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(mediaType, "mediaType");
        Objects.requireNonNull(sha256, "sha256");
        Objects.requireNonNull(created, "created");
    }
}
