package org.rungpt.api.store;

import java.util.Map;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/** Small settings that users make while it runs, such as the default model and remembered approvals. Durable on return; any thread. */
@ConsumerType
public interface Settings {
    /** The value, JSON as text. */
    Optional<String> get(String key) throws StoreException;

    /** All settings whose key begins so, ordered by key. */
    Map<String, String> withPrefix(String prefix) throws StoreException;

    /** Sets a value: JSON as text, at most 64 KiB. */
    void put(String key, String json) throws StoreException;

    /** Removes a value. Harmless if there is none. */
    void remove(String key) throws StoreException;
}
