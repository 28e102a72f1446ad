package org.rungpt.api.chat;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Told of everything that happens in conversations, by whoever runs them. Register it as a service. Called in the order of each
 * conversation, one call at a time for each, on any thread; must return at once: whoever is slow keeps a queue of its own.
 */
@ConsumerType
public interface ConversationListener {
    /** An event was appended and is durable. */
    void appended(ConversationEvent event);

    /** A transient event: {@code data} is a JSON object as text. */
    void transientEvent(String conversation, String type, String data);

    /** The conversation was deleted. */
    void deleted(String conversation);
}
