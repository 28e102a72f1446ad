package org.rungpt.chat;

import org.rungpt.api.chat.ChatException;

/** The log of a conversation cannot be read or written now: what is in memory no longer counts. */
final class LogLost extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ChatException.Kind kind;

    LogLost(ChatException.Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    ChatException.Kind kind() {
        return kind;
    }

    ChatException toChatException() {
        return new ChatException(kind, String.valueOf(getMessage()), this);
    }
}
