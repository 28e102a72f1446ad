/** Files that calls leave behind, kept with their conversation. */
@NullMarked
package org.rungpt.artifacts;

import org.jspecify.annotations.NullMarked;
