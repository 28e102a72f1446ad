package org.rungpt.api.chat;

import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What users grant, and which calls they want to be asked about: in one conversation, as events of its log, or for all conversations, as
 * settings. It counts from the next call on. Any thread; durable on return.
 */
@ProviderType
public interface Permissions {
    /** @param conversation its id; null for all conversations. What holds is both together */
    GrantSet grants(@Nullable String conversation) throws ChatException;

    /**
     * Replaces what was granted there.
     *
     * @throws ChatException of kind {@code INVALID} if something cannot be granted; the message says what and why
     */
    void setGrants(@Nullable String conversation, GrantSet grants) throws ChatException;

    /** @param conversation its id; null for all conversations */
    Policy policy(@Nullable String conversation) throws ChatException;

    /** Replaces the policy there. Approvals can be taken back, not added. */
    void setPolicy(@Nullable String conversation, Policy policy) throws ChatException;
}
