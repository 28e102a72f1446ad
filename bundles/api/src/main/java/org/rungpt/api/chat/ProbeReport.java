package org.rungpt.api.chat;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a probe of a model has found until now.
 *
 * @param model full id of the model
 * @param state how it stands
 * @param done how many answers were looked at
 * @param total how many there will be
 * @param scores for each protocol that was tried
 * @param better id of the protocol that the model handles better: it has more right answers, or as many and more valid ones; null until it is known, and if none does
 * @param problem why it failed; null if it did not
 */
public record ProbeReport(
        String model,
        State state,
        int done,
        int total,
        List<Score> scores,
        @Nullable String better,
        @Nullable String problem) {
    /** How a probe stands. */
    public enum State {
        RUNNING,
        DONE,
        CANCELLED,
        FAILED
    }

    /**
     * The figures of one protocol.
     *
     * @param protocol its id
     * @param tasks how many tasks were tried
     * @param valid in how many answers every call could be read and none was missing or too many
     * @param right in how many of these the arguments were right too
     * @param tokens of all requests and answers
     * @param millis how long all answers took
     */
    public record Score(String protocol, int tasks, int valid, int right, long tokens, long millis) {}

    public ProbeReport {
        Objects.requireNonNull(model, "model");
        Objects.requireNonNull(state, "state");
        scores = List.copyOf(scores);
    }
}
