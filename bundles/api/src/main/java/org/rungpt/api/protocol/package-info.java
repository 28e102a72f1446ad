/** How calls are written by a model and results are told to it. */
@Export
@Version("1.0.0")
@NullMarked
package org.rungpt.api.protocol;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
