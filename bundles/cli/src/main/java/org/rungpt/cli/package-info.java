/** The command line's client of a running server. */
@NullMarked
package org.rungpt.cli;

import org.jspecify.annotations.NullMarked;
