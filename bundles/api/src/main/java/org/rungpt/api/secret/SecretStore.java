package org.rungpt.api.secret;

import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/** Keeps secrets encrypted at rest. Names are paths such as {@code connection/openai/key}. Any thread. Values never appear in logs or messages. */
@ConsumerType
public interface SecretStore {
    /**
     * The secret.
     *
     * @throws SecretException if it is there but cannot be read: damaged, or encrypted with another master key
     */
    Optional<String> get(String name) throws SecretException;

    /** Sets a secret; durable on return. The old value is gone. */
    void put(String name, String value) throws SecretException;

    /** Removes a secret. Harmless if there is none. */
    void remove(String name) throws SecretException;

    /** The names, sorted; never the values. */
    List<String> names() throws SecretException;
}
