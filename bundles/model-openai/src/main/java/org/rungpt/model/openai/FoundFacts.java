package org.rungpt.model.openai;

import java.io.IOException;
import java.util.Collections;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/** What users say of the models of servers that were found: {@code etc/org.rungpt.model.openai.found-NAME.cfg}. */
final class FoundFacts {
    static final String PID = "org.rungpt.model.openai.found";

    private final ConfigurationAdmin configurations;

    FoundFacts(ConfigurationAdmin configurations) {
        this.configurations = configurations;
    }

    /** What is said of the models of a server; nothing if it is written wrongly. */
    ModelFacts of(LocalServer server) {
        try {
            Configuration known = find(server);
            return known == null ? ModelFacts.NONE : FactsProperties.read(values(known));
        } catch (IOException | IllegalArgumentException e) {
            return ModelFacts.NONE;
        }
    }

    void save(LocalServer server, ModelFacts facts) throws IOException {
        Configuration known = find(server);
        Map<String, Object> values = known == null ? new LinkedHashMap<>() : values(known);
        values.put("name", server.connection());
        FactsProperties.put(values, facts);
        Configuration target =
                known == null ? configurations.getFactoryConfiguration(PID, server.connection(), "?") : known;
        target.update(new Hashtable<>(values));
    }

    void forget(LocalServer server) throws IOException {
        Configuration known = find(server);
        if (known != null) {
            known.delete();
        }
    }

    private @Nullable Configuration find(LocalServer server) throws IOException {
        try {
            Configuration[] all = configurations.listConfigurations("(service.factoryPid=" + PID + ")");
            for (Configuration each : all == null ? new Configuration[0] : all) {
                if (FactsProperties.text(values(each), "name").equals(server.connection())) {
                    return each;
                }
            }
            return null;
        } catch (InvalidSyntaxException e) {
            throw new IOException("the configurations cannot be read", e);
        }
    }

    private static Map<String, Object> values(Configuration configuration) {
        Map<String, Object> values = new LinkedHashMap<>();
        Dictionary<String, Object> properties = configuration.getProperties();
        if (properties != null) {
            Collections.list(properties.keys()).forEach(key -> values.put(key, properties.get(key)));
        }
        return values;
    }
}
