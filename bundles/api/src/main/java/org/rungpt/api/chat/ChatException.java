package org.rungpt.api.chat;

import org.jspecify.annotations.Nullable;

/** Something could not be done with a conversation. The message is one line with what helps. */
public final class ChatException extends Exception {
    private static final long serialVersionUID = 1;

    /** What went wrong. */
    public enum Kind {
        /** No such conversation, call or model. */
        NOT_FOUND,
        /** What was asked is wrong. */
        INVALID,
        /** It does not fit what the conversation is doing. */
        CONFLICT,
        /** A part that is needed is away; trying again later may help. */
        UNAVAILABLE
    }

    private final Kind kind;

    public ChatException(Kind kind, String message) {
        this(kind, message, null);
    }

    public ChatException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }
}
