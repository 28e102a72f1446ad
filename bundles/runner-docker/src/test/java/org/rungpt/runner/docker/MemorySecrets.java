package org.rungpt.runner.docker;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import org.rungpt.api.secret.SecretStore;

/** Secrets as long as the test. */
final class MemorySecrets implements SecretStore {
    final Map<String, String> values = new ConcurrentSkipListMap<>();

    @Override
    public Optional<String> get(String name) {
        return Optional.ofNullable(values.get(name));
    }

    @Override
    public void put(String name, String value) {
        values.put(name, value);
    }

    @Override
    public void remove(String name) {
        values.remove(name);
    }

    @Override
    public List<String> names() {
        return List.copyOf(values.keySet());
    }
}
