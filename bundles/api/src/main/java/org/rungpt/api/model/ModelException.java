package org.rungpt.api.model;

import org.jspecify.annotations.Nullable;

/** A model could not be asked, or its answer broke off. The message is one line for the user, without any key; the remedy says what helps. */
public final class ModelException extends Exception {
    private static final long serialVersionUID = 1;

    /** What went wrong; decides what the turn does. */
    public enum Kind {
        /** No key, or it was refused. */
        AUTHENTICATION,
        /** No such model or address. */
        NOT_FOUND,
        /** Too many requests; already retried as often as is polite. */
        RATE_LIMITED,
        /** No credit or a spending limit: retrying is useless. */
        BILLING,
        /** The conversation is longer than the model takes. */
        CONTEXT_LENGTH,
        /** The server does not like the request. */
        BAD_REQUEST,
        /** The server failed or is overloaded; already retried. */
        SERVER,
        /** The server cannot be reached. */
        UNREACHABLE,
        /** The stream broke off; never retried after the first delta. */
        DROPPED,
        /** Nothing came for too long. */
        IDLE,
        /** What came is no answer that we understand. */
        MALFORMED,
        /** The bundle that holds the connection was stopped or replaced: ask its successor. */
        BACKEND_STOPPED
    }

    private final Kind kind;
    private final @Nullable String remedy;

    public ModelException(Kind kind, String message, @Nullable String remedy) {
        this(kind, message, remedy, null);
    }

    public ModelException(Kind kind, String message, @Nullable String remedy, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.remedy = remedy;
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }

    /** What the user can do; null if nothing. */
    public @Nullable String remedy() {
        return remedy;
    }
}
