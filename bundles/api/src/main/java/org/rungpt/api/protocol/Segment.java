package org.rungpt.api.protocol;

import org.jspecify.annotations.Nullable;
import org.rungpt.api.call.ParsedCall;

/** What a parser found in an answer, in order. */
public sealed interface Segment {
    /** Text for the user. */
    record Text(String text) implements Segment {}

    /** Reasoning, shown apart. */
    record Reasoning(String text) implements Segment {}

    /** A call has begun; its arguments are still being written. */
    record CallOpened(String ref, String task) implements Segment {}

    /** A call is complete. */
    record Call(ParsedCall call) implements Segment {}

    /**
     * Something that was meant as a call and is none. It does not run; the model is told.
     *
     * @param ref the id that the model gave it; null if there is none to be read
     * @param task the task it names; null if there is none to be read
     * @param problem what is wrong and how it is written right; for the model
     * @param raw as written
     */
    record Malformed(@Nullable String ref, @Nullable String task, String problem, String raw) implements Segment {}

    /**
     * Nothing after this belongs to the answer: stop reading, cancel the stream.
     *
     * @param reason why, in a few words
     */
    record Cut(String reason) implements Segment {}
}
