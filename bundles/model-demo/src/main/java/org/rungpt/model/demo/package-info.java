/** A scripted model for the first minutes without a key. It says plainly that it is no AI. */
@NullMarked
package org.rungpt.model.demo;

import org.jspecify.annotations.NullMarked;
