/** Keys of backends and actions. */
@Export
@Version("1.0.0")
@NullMarked
package org.rungpt.api.secret;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
