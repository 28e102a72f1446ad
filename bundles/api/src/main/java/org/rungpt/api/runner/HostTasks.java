package org.rungpt.api.runner;

import org.osgi.annotation.versioning.ConsumerType;
import org.rungpt.api.action.ActionId;

/**
 * Serves the tasks of a built-in action on the host, by RunGPT itself instead of a program in a sandbox: what only RunGPT can know
 * or do. Its manifest is installed like every other; its calls are checked, approved, journalled and shown like all others.
 */
@ConsumerType
public interface HostTasks {
    /** The action that is served; only a built-in one ever is. */
    ActionId action();

    /**
     * Starts a call. Returns at once; the work is done behind the handle, and its output goes to the observer. A wrong argument is
     * an outcome with an exit code other than 0 and a line on {@code stderr}. When the server goes, the call ends with
     * {@link RunnerException.Kind#DETACHED} or not at all; it is not resumed.
     *
     * @throws RunnerException if it cannot be served now; the message has the remedy
     */
    CallHandle start(CallSpec call, CallObserver observer) throws RunnerException;
}
