/** Calls as the tool calls of the model's API: tools, streaming parser, results. */
@NullMarked
package org.rungpt.protocol.nativecalls;

import org.jspecify.annotations.NullMarked;
