package org.rungpt.api.runner;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.rungpt.api.action.InstalledTask;

/**
 * Everything a runner needs to run one call.
 *
 * @param call unguessable id, unique for ever: a call with this id runs at most once
 * @param conversation whose sandbox it runs in
 * @param task what to run; built-in actions run in the conversation's workspace sandbox, others in one of their own
 * @param arguments a JSON object as text, already checked against the task's schema
 * @param grants what is granted to the sandbox it runs in
 * @param environment further environment variables of this call
 * @param limits bounds
 */
public record CallSpec(
        String call,
        String conversation,
        InstalledTask task,
        String arguments,
        Grants grants,
        Map<String, String> environment,
        Limits limits) {
    /**
     * Bounds of one call.
     *
     * @param total time in all
     * @param idle time without any output
     * @param output bytes of stdout and stderr together
     */
    public record Limits(Duration total, Duration idle, long output) {}

    public CallSpec {
        Objects.requireNonNull(call, "call");
        Objects.requireNonNull(conversation, "conversation");
        Objects.requireNonNull(task, "task");
        Objects.requireNonNull(arguments, "arguments");
        Objects.requireNonNull(grants, "grants");
        environment = Map.copyOf(environment);
        Objects.requireNonNull(limits, "limits");
    }
}
