package org.rungpt.api.action;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/** Offers actions to the registry. Plug-ins implement it; the registry calls it from any thread. */
@ConsumerType
public interface ActionSource {
    /** A short name for messages, for example {@code git}. */
    String name();

    /** What it offers now: a quick look at what is known, no network. Broken packages are offered too; the registry says why they cannot be used. */
    List<ActionPackage> packages();

    /**
     * Calls back after each change of {@link #packages()}, from any thread, until the returned handle is closed.
     * The callback is quick and does not throw.
     */
    Subscription onChange(Runnable changed);

    /** Ends a registration; closing twice is harmless. */
    interface Subscription extends AutoCloseable {
        @Override
        void close();
    }
}
