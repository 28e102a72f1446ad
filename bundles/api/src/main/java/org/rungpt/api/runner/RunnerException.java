package org.rungpt.api.runner;

import org.jspecify.annotations.Nullable;

/** The runner could not do its work. What an action did wrong is no exception but its outcome. The message is one line with what helps. */
public final class RunnerException extends Exception {
    private static final long serialVersionUID = 1;

    /** What went wrong. */
    public enum Kind {
        /** No container engine, or it does not answer. */
        UNAVAILABLE,
        /** The image could not be made or found. */
        IMAGE,
        /** There is no such image where the action says it is. */
        IMAGE_NOT_FOUND,
        /** The registry does not give the image to this engine. */
        IMAGE_DENIED,
        /** What the registry sent is not what the digest says. */
        IMAGE_DIGEST,
        /** The image is for another processor or system. */
        IMAGE_PLATFORM,
        /** The disk of the engine is full. */
        DISK_FULL,
        /** Somebody stopped it. */
        CANCELLED,
        /** The sandbox could not be made, or broke the protocol. */
        SANDBOX,
        /** What was granted cannot be given: a share that is forbidden or missing, a secret that is not set. */
        GRANT,
        /** Too many sandboxes or calls. */
        LIMIT,
        /** This runner goes, or somebody else has resumed the call; the call goes on and can be resumed. */
        DETACHED,
        /** This runner goes and the call has not begun; its successor can start it. */
        NOT_BEGUN
    }

    private final Kind kind;

    public RunnerException(Kind kind, String message) {
        this(kind, message, null);
    }

    public RunnerException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }
}
