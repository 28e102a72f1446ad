/** The built-in actions, offered as ordinary directories. */
@NullMarked
package org.rungpt.catalog;

import org.jspecify.annotations.NullMarked;
