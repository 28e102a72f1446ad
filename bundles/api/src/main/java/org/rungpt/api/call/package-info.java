/** One request to run a task, and what came of it. */
@Export
@Version("1.0.0")
@NullMarked
package org.rungpt.api.call;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
