package org.rungpt.model.openai;

import java.lang.reflect.Proxy;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/** Configurations in memory; tells of updates as Declarative Services would. */
final class MemoryConfigurations {
    final Map<String, Dictionary<String, Object>> stored = new LinkedHashMap<>();
    Consumer<Dictionary<String, Object>> updated = values -> {};

    ConfigurationAdmin admin() {
        return (ConfigurationAdmin) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {ConfigurationAdmin.class}, (self, method, args) -> {
                    return switch (method.getName()) {
                        case "listConfigurations" ->
                            stored.keySet().stream().map(this::configuration).toArray(Configuration[]::new);
                        case "getFactoryConfiguration" -> configuration((String) args[1]);
                        default -> throw new UnsupportedOperationException(method.getName());
                    };
                });
    }

    private Configuration configuration(String name) {
        return (Configuration) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Configuration.class}, (self, method, args) -> {
                    switch (method.getName()) {
                        case "getProperties":
                            return stored.get(name);
                        case "update":
                            if (args != null) {
                                stored.put(name, copy((Dictionary<?, ?>) args[0]));
                            }
                            updated.accept(stored.get(name));
                            return null;
                        case "delete":
                            stored.remove(name);
                            return null;
                        default:
                            throw new UnsupportedOperationException(method.getName());
                    }
                });
    }

    private static Dictionary<String, Object> copy(Dictionary<?, ?> values) {
        Dictionary<String, Object> copy = new Hashtable<>();
        values.keys().asIterator().forEachRemaining(key -> copy.put((String) key, values.get(key)));
        return copy;
    }
}
