package org.rungpt.api.status;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * A part of the platform that says whether it can do its work. Registered as a service by the part itself; read by the
 * status page, {@code rungpt:status} and {@code doctor}.
 */
@ConsumerType
public interface StatusSource {
    /** A stable short id, for example {@code docker}. */
    String id();

    /** What people call it, for example {@code Docker engine}. */
    String title();

    /** How it stands now. Called often and from any thread: answers at once from what is known, never by asking around. */
    Readiness readiness();
}
