package org.rungpt.sandbox.cache;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Settings of the package cache, {@code etc/org.rungpt.sandbox.cache.cfg}. */
@ObjectClassDefinition(name = "RunGPT: package cache of sandboxes")
@interface Config {
    @AttributeDefinition(
            name = "Cache of a conversation",
            description = "Whether what pip, npm and Deno fetched outlives the sandbox of a conversation")
    boolean conversation() default true;

    @AttributeDefinition(
            name = "Directory of packages",
            description =
                    "A directory of this machine with wheels that every sandbox may read, and pip takes before it asks the network; empty for none")
    String directory() default "";
}
