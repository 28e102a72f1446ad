/**
 * Conversations: the turn as a persisted state machine.
 *
 * <p>{@link org.rungpt.chat.ConversationState} is a fold over a conversation's log, {@link org.rungpt.chat.NextStep} says what such
 * a state needs next, {@link org.rungpt.chat.Steps} takes the step with whatever services are there, and
 * {@link org.rungpt.chat.ConversationActor} does so until there is nothing to do but wait. Nothing else knows where a turn stands: a
 * crash, a swap, an approval after days and a late end of a call are all "read the log, take the next step".
 *
 * <p>What the user says during a turn is durable at once and waits; when the turn has ended, everything that waits begins the next
 * one together, also after a stop.
 */
@NullMarked
package org.rungpt.chat;

import org.jspecify.annotations.NullMarked;
