/** What comes from outside, fit for a terminal. Copied into each bundle that uses it; exported by none. */
@NullMarked
package org.rungpt.plain;

import org.jspecify.annotations.NullMarked;
