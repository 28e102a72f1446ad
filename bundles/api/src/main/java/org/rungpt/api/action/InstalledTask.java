package org.rungpt.api.action;

import java.util.Objects;

/**
 * A task of an installed action.
 *
 * @param action the action
 * @param task the task
 */
public record InstalledTask(InstalledAction action, Task task) {
    public InstalledTask {
        Objects.requireNonNull(action, "action");
        Objects.requireNonNull(task, "task");
    }

    /** The name by which the model calls it: {@code alias.task}. */
    public String name() {
        return action.alias() + "." + task.name();
    }
}
