package org.rungpt.api.chat;

import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What turns and conversations may spend: said in one conversation, as an event of its log, or for all conversations, as a setting. It
 * counts from the next request on. Any thread; durable on return.
 */
@ProviderType
public interface Spending {
    /** @param conversation its id; null for all conversations. What was said there, and nothing else */
    Budgets budgets(@Nullable String conversation) throws ChatException;

    /** Replaces what was said there; {@link Budgets#NONE} takes it back. */
    void setBudgets(@Nullable String conversation, Budgets budgets) throws ChatException;

    /** What holds there: what was said there, else for all conversations, else in the configuration. No part is null, but the steps of a conversation. */
    Budgets effective(@Nullable String conversation) throws ChatException;
}
