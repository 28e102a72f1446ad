/** What an action is, where actions come from, which are installed. */
@Export
@Version("1.0.0")
@NullMarked
package org.rungpt.api.action;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
