/** Adds to sandboxes what spares downloads. */
@NullMarked
package org.rungpt.sandbox.cache;

import org.jspecify.annotations.NullMarked;
