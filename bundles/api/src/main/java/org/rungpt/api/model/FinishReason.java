package org.rungpt.api.model;

import java.util.Locale;

/** Why a model stopped. */
public enum FinishReason {
    /** It was done. */
    STOP,
    /** The answer reached the length limit and is cut off. */
    LENGTH,
    /** It calls native tools. */
    TOOL_CALLS,
    /** The server's content filter ended it. */
    CONTENT_FILTER,
    /** The stream was cancelled by us. */
    CANCELLED;

    /** The name in events and in the API: lower case. */
    public String wire() {
        return name().toLowerCase(Locale.ROOT);
    }
}
