/** Conversations: the turn as a persisted state machine. */
@NullMarked
package org.rungpt.chat;

import org.jspecify.annotations.NullMarked;
