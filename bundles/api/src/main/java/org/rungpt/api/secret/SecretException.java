package org.rungpt.api.secret;

import org.jspecify.annotations.Nullable;

/** A secret could not be read or written. The message is one line with what helps and never holds a secret. */
public final class SecretException extends Exception {
    private static final long serialVersionUID = 1;

    public SecretException(String message) {
        this(message, null);
    }

    public SecretException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
