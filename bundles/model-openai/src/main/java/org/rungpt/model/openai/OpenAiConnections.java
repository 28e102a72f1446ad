package org.rungpt.model.openai;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.rungpt.api.model.ConnectionSettings;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelConnections;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.secret.SecretException;
import org.rungpt.api.secret.SecretStore;

/** Makes and changes connections: each is a configuration, and its key a secret. */
@Component
public final class OpenAiConnections implements ModelConnections {
    private static final String KIND = "openai";
    private static final int RESOLVE_SECONDS = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final ConfigurationAdmin configurations;
    private final UnaryOperator<@Nullable String> environment;
    private final Keys keys;
    private final List<ModelConnection> others = new CopyOnWriteArrayList<>();
    private final Applied applied = new Applied();
    private final Duration patience;
    private volatile @Nullable SecretStore secrets;

    @Activate
    public OpenAiConnections(@Reference ConfigurationAdmin configurations) {
        this(configurations, System::getenv, PATIENCE);
    }

    OpenAiConnections(
            ConfigurationAdmin configurations, UnaryOperator<@Nullable String> environment, Duration patience) {
        this.patience = patience;
        this.configurations = configurations;
        this.environment = environment;
        this.keys = new Keys(() -> secrets, environment);
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindSecrets(SecretStore store) {
        secrets = store;
    }

    void unbindSecrets(SecretStore store) {
        if (secrets == store) {
            secrets = null;
        }
    }

    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            updated = "updatedConnection")
    void bindConnection(ModelConnection connection, Map<String, ?> properties) {
        others.add(connection);
        applied.now(connection, properties);
    }

    void updatedConnection(ModelConnection connection, Map<String, ?> properties) {
        applied.now(connection, properties);
    }

    void unbindConnection(ModelConnection connection) {
        others.remove(connection);
        applied.gone(connection);
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public List<ConnectionSettings> connections() {
        List<ConnectionSettings> all = new ArrayList<>();
        for (Configuration each : all()) {
            Map<String, Object> values = values(each);
            String name = FactsProperties.text(values, "name");
            String written = FactsProperties.text(values, "baseUrl");
            Map<String, String> headers = Map.of();
            String hint = null;
            ModelFacts facts = ModelFacts.NONE;
            try {
                Settings settings = settings(name, values);
                written = settings.base().toString();
                headers = settings.headers();
                facts = settings.facts();
                hint = keys.find(settings).map(Keys.Found::hint).orElse(null);
            } catch (IllegalArgumentException | ModelException e) {
                // It is shown as it is written, so that it can be put right; the connection itself says what is wrong.
            }
            all.add(new ConnectionSettings(
                    name,
                    KIND,
                    written,
                    headers,
                    hint,
                    facts.models(),
                    facts.contextTokens(),
                    facts.prices(),
                    facts.takes(),
                    facts.protocol().isEmpty() ? null : facts.protocol()));
        }
        all.sort(Comparator.comparing(ConnectionSettings::name));
        return List.copyOf(all);
    }

    @Override
    public synchronized void save(ConnectionSettings settings, @Nullable String key) {
        if (!settings.kind().equals(KIND)) {
            throw new IllegalArgumentException("kind: " + Redaction.plain(settings.kind(), 60) + " is not " + KIND);
        }
        String name = Settings.checkedName(settings.name());
        if (settings.baseUrl().isBlank()) {
            throw new IllegalArgumentException(
                    "baseUrl: it is empty; write the server's address, such as " + BaseUrl.OPENAI);
        }
        BaseUrl base = BaseUrl.of(settings.baseUrl());
        refuseAfterResolution(base);
        ModelFacts facts = ModelFacts.checked(
                settings.models(), settings.contextTokens(), settings.prices(), settings.takes(), settings.protocol());
        settings.headers().forEach(Settings::checkHeader);
        String fresh = key == null ? "" : key.strip();
        if (!fresh.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new IllegalArgumentException("key: it holds characters that no key has; paste it again");
        }
        Configuration known = find(name);
        if (known == null
                && others.stream()
                        .anyMatch(other -> other.name().equals(name) && !(other instanceof LocalConnection))) {
            throw new IllegalArgumentException("name: " + name + " is the name of another connection; choose another");
        }
        Map<String, Object> values = known == null ? new LinkedHashMap<>() : values(known);
        boolean moved = known != null && !origin(name, values).equals(base.origin());
        values.put("name", name);
        values.put("baseUrl", base.equals(defaultBase(name)) ? "" : base.toString());
        values.put(
                "headers",
                settings.headers().entrySet().stream()
                        .map(header -> header.getKey() + ": " + header.getValue())
                        .sorted()
                        .toArray(String[]::new));
        FactsProperties.put(values, facts);
        String revision = UUID.randomUUID().toString();
        values.put(Applied.REVISION, revision);
        try {
            Configuration target =
                    known == null ? configurations.getFactoryConfiguration(OpenAiConnection.PID, name, "?") : known;
            if (moved || (key != null && fresh.isEmpty())) {
                // First: no moment in which the old key could go to the new address.
                removeKey(name);
                values.remove("keyOrigin");
            }
            if (!fresh.isEmpty()) {
                values.put("keyOrigin", base.origin());
                if (!moved) {
                    putKey(name, fresh);
                }
            }
            target.update(new Hashtable<>(values));
            if (!fresh.isEmpty() && moved) {
                putKey(name, fresh);
                target.update();
            }
        } catch (IOException e) {
            throw new IllegalStateException(
                    "The connection " + name + " cannot be kept: " + Redaction.plain(e.getMessage(), 200), e);
        }
        applied.await(revision, patience);
    }

    @Override
    public synchronized void remove(String name) {
        Configuration known = find(name);
        try {
            if (known != null) {
                known.delete();
            }
            removeKey(name);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "The connection " + Redaction.plain(name, 60) + " cannot be removed: "
                            + Redaction.plain(e.getMessage(), 200),
                    e);
        }
    }

    /** A name may lead where no written address may; nobody waits long for a name server. */
    private static void refuseAfterResolution(BaseUrl base) {
        String refusal = null;
        try {
            refusal = CompletableFuture.supplyAsync(() ->
                            Optional.ofNullable(Addresses.refusalOf(base.uri().getHost())))
                    .get(RESOLVE_SECONDS, TimeUnit.SECONDS)
                    .orElse(null);
        } catch (TimeoutException | ExecutionException e) {
            return; // it is looked at again before each request
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (refusal != null) {
            throw new IllegalArgumentException(refusal);
        }
    }

    private void putKey(String name, String key) {
        SecretStore store = secrets;
        if (store == null) {
            throw new IllegalStateException("The key cannot be kept: the secret store is not running. Set "
                    + Settings.KEY_VARIABLE + ", or try again later.");
        }
        try {
            store.put(Keys.secret(name), key);
        } catch (SecretException e) {
            throw new IllegalStateException("The key cannot be kept: " + Redaction.clean(e.getMessage(), key, 200), e);
        }
    }

    private void removeKey(String name) {
        SecretStore store = secrets;
        if (store != null) {
            try {
                store.remove(Keys.secret(name));
            } catch (SecretException e) {
                throw new IllegalStateException(
                        "The key cannot be removed: " + Redaction.plain(e.getMessage(), 200), e);
            }
        }
    }

    private Settings settings(String name, Map<String, Object> values) {
        return new Settings(
                Settings.checkedName(name),
                name,
                Settings.base(name, FactsProperties.text(values, "baseUrl"), environment),
                Settings.headers(FactsProperties.texts(values.get("headers"))),
                FactsProperties.text(values, "keyOrigin"),
                Duration.ZERO,
                new OpenAiClient.Timeouts(Duration.ZERO, Duration.ZERO, Duration.ZERO),
                FactsProperties.read(values));
    }

    private String origin(String name, Map<String, Object> values) {
        try {
            return Settings.base(name, FactsProperties.text(values, "baseUrl"), environment)
                    .origin();
        } catch (IllegalArgumentException e) {
            return ""; // it went nowhere, so any address is another one
        }
    }

    private @Nullable BaseUrl defaultBase(String name) {
        try {
            return Settings.defaultBase(name, environment);
        } catch (IllegalArgumentException e) {
            return null; // the environment is wrong: what was written stands
        }
    }

    private @Nullable Configuration find(String name) {
        return all().stream()
                .filter(each -> FactsProperties.text(values(each), "name").equals(name))
                .findFirst()
                .orElse(null);
    }

    private List<Configuration> all() {
        try {
            Configuration[] found =
                    configurations.listConfigurations("(service.factoryPid=" + OpenAiConnection.PID + ")");
            return found == null ? List.of() : Arrays.asList(found);
        } catch (IOException | InvalidSyntaxException e) {
            throw new IllegalStateException(
                    "The connections cannot be read: " + Redaction.plain(e.getMessage(), 200), e);
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
