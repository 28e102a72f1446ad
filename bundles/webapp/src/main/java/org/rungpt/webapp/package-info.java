/** Serves the page. */
@NullMarked
package org.rungpt.webapp;

import org.jspecify.annotations.NullMarked;
