/** The {@code rungpt:} commands of the Karaf shell. */
@NullMarked
package org.rungpt.shell;

import org.jspecify.annotations.NullMarked;
