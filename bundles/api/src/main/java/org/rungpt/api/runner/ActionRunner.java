package org.rungpt.api.runner;

import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.status.Readiness;

/**
 * Runs calls in sandboxes. Sandboxes belong to conversations, not to the runner: when a runner goes, running calls go on, its
 * handles end with {@link RunnerException.Kind#DETACHED}, and its successor resumes them. Handles of calls that have not begun end
 * with {@link RunnerException.Kind#NOT_BEGUN}: its successor may start them.
 */
@ConsumerType
public interface ActionRunner {
    /** Whether calls can run now; at once, from what is known. */
    Readiness readiness();

    /**
     * Starts a call. Returns at once; sandbox and image are made behind the handle.
     *
     * @throws RunnerException if the runner cannot take calls now; the message has the remedy. Whatever is thrown, the call has not
     *     begun
     */
    CallHandle start(CallSpec call, CallObserver observer) throws RunnerException;

    /**
     * Takes up a call that was started before, by anybody. Output is observed from the given offsets on. Whoever watched it until
     * now sees no more of it: that handle ends with {@link RunnerException.Kind#DETACHED}. A call that has ended can be resumed until
     * its end was acknowledged, {@link CallHandle#forget()}, for a while at least.
     *
     * @return empty if no living sandbox of the conversation knows the call
     * @throws RunnerException if the runner cannot tell now
     */
    Optional<CallHandle> resume(
            String conversation, String call, long stdoutOffset, long stderrOffset, CallObserver observer)
            throws RunnerException;

    /** Makes a sandbox ready ahead of a turn's first call if that saves time. Returns at once; a failure shows when a call is started. */
    void warm(String conversation);

    /**
     * Builds the image of an action ahead. Blocking; progress goes to the observer. An interrupt stops it within a second
     * ({@link RunnerException.Kind#CANCELLED}); nothing half-made is ever used.
     */
    void prepare(InstalledAction action, CallObserver observer) throws RunnerException;

    /**
     * Deletes the sandboxes and the workspace of a conversation that is no more, for ever: what is just being made for it is removed
     * too, and later calls of it fail ({@link RunnerException.Kind#CANCELLED}). Blocking, for seconds.
     *
     * @throws RunnerException if something is left; the runner goes on trying by itself, also after a restart
     */
    void release(String conversation) throws RunnerException;

    /** The sandboxes that exist now. */
    List<SandboxInfo> sandboxes();
}
