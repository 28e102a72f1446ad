/** Files that only their owner may read. Copied into each bundle that uses it; exported by none. */
@NullMarked
package org.rungpt.files;

import org.jspecify.annotations.NullMarked;
