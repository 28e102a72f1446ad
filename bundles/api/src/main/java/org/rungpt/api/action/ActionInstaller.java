package org.rungpt.api.action;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Installs actions that a user names. Installing executes nothing. Blocking; one operation at a time; interrupting the calling
 * thread cancels and leaves what was installed before.
 */
@ConsumerType
public interface ActionInstaller {
    /**
     * Installs a version, or the newest one that the reference allows. What is already installed stays until the new files are
     * complete and checked.
     *
     * @throws ActionException if it cannot be installed; nothing has changed then
     */
    ActionPackage install(ActionReference reference, Progress progress) throws ActionException;

    /**
     * Looks again at the version that was asked for at install and takes the commit it stands for now.
     *
     * @return the package in use afterwards; the same commit as before if nothing changed
     * @throws ActionException if it cannot be updated; the installed version stays
     */
    ActionPackage update(ActionId id, Progress progress) throws ActionException;

    /**
     * Removes an installed action.
     *
     * @throws ActionException if it is not installed here
     */
    void uninstall(ActionId id) throws ActionException;

    /** What this installer has installed. */
    List<ActionPackage> installed();

    /** Told while the work goes on, from the working thread. */
    @FunctionalInterface
    interface Progress {
        /**
         * @param step what is being done, a few words
         * @param done how much of it, or -1 if unknown
         * @param total how much in all, or -1 if unknown
         */
        void report(String step, long done, long total);
    }
}
