package org.rungpt.api.store;

import org.jspecify.annotations.Nullable;

/** The store could not do its work. The message is one line with what helps. */
public final class StoreException extends Exception {
    private static final long serialVersionUID = 1;

    /** What went wrong. */
    public enum Kind {
        /** No such conversation. */
        NOT_FOUND,
        /** Closed, being replaced, or locked by another process: somebody else may serve. */
        UNAVAILABLE,
        /** The disk is full or fails, or the database is damaged. */
        BROKEN
    }

    private final Kind kind;

    public StoreException(Kind kind, String message) {
        this(kind, message, null);
    }

    public StoreException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }
}
