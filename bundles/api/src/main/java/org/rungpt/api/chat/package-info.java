/** Conversations, turns and the events they are made of. */
@Export
@Version("1.0.0")
@NullMarked
package org.rungpt.api.chat;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
