/** Calls written as tags in the answer: instructions, streaming parser, results. */
@NullMarked
package org.rungpt.protocol.tags;

import org.jspecify.annotations.NullMarked;
