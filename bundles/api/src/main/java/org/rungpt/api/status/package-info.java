/** Whether each part of the platform can do its work, and if not, why and what helps. */
@Export
@Version("1.0.0")
@NullMarked
package org.rungpt.api.status;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
