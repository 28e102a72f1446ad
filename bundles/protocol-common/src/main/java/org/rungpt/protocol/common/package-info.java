/** What every protocol says of actions and recognises in answers. Copied into each bundle that uses it; exported by none. */
@NullMarked
package org.rungpt.protocol.common;

import org.jspecify.annotations.NullMarked;
