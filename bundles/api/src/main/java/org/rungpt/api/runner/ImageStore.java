package org.rungpt.api.runner;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/** The images that a runner has made for actions. Registered by runners that make some. Any thread; blocking. */
@ConsumerType
public interface ImageStore {
    /**
     * An image that this installation made, or that came to the engine for it.
     *
     * @param name repository and tag
     * @param bytes its size; layers that it shares with others are counted for each
     * @param needed whether an installed action, a sandbox or the workspace needs it
     */
    record ActionImage(String name, long bytes, boolean needed) {}

    /** Everything that this installation made or that came for it, ordered by name. */
    List<ActionImage> images() throws RunnerException;

    /**
     * Removes the images that nothing needs. What somebody else made or fetched is never touched.
     *
     * @return what was removed
     */
    List<ActionImage> collect() throws RunnerException;
}
