/** Streams chat completions from any server that speaks the OpenAI API. */
@NullMarked
package org.rungpt.model.openai;

import org.jspecify.annotations.NullMarked;
