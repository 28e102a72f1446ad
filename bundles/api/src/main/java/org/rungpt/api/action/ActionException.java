package org.rungpt.api.action;

import org.jspecify.annotations.Nullable;

/** An action could not be installed, updated or removed. The message is one line for the user, with what helps. */
public final class ActionException extends Exception {
    private static final long serialVersionUID = 1;

    public ActionException(String message) {
        this(message, null);
    }

    public ActionException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
