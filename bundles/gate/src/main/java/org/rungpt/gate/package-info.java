/** Decides about every HTTP request before any bundle sees it; what is not allowed is denied. */
@NullMarked
package org.rungpt.gate;

import org.jspecify.annotations.NullMarked;
