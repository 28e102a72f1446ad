package org.rungpt.model.openai;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.rungpt.api.model.ConnectionSettings;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelConnections;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows the servers of models that run on this machine as connections, as long as they run. They need no key and get none. */
@Component(configurationPid = LocalConnections.PID, immediate = true)
@Designate(ocd = LocalConnections.Config.class)
public final class LocalConnections implements ModelConnections {
    static final String PID = "org.rungpt.model.openai.local";

    /** {@code etc/org.rungpt.model.openai.local.cfg}. */
    @ObjectClassDefinition(
            name = "RunGPT: servers of models on this machine",
            description = "Ollama, llama.cpp, LM Studio and vLLM are found by themselves.")
    @interface Config {
        @AttributeDefinition(name = "Enabled", description = "Whether they are looked for at all")
        boolean enabled() default true;

        @AttributeDefinition(name = "Interval", description = "Seconds between two looks")
        int intervalSeconds() default 15;

        @AttributeDefinition(name = "Port of Ollama", description = "0: it is not looked for")
        int ollamaPort() default 11434;

        @AttributeDefinition(name = "Port of llama.cpp", description = "0: it is not looked for")
        int llamacppPort() default 8080;

        @AttributeDefinition(name = "Port of LM Studio", description = "0: it is not looked for")
        int lmstudioPort() default 1234;

        @AttributeDefinition(name = "Port of vLLM", description = "0: it is not looked for")
        int vllmPort() default 8000;
    }

    private record Shown(BaseUrl base, LocalConnection connection, ServiceRegistration<ModelConnection> registration) {}

    private static final Logger LOG = LoggerFactory.getLogger(LocalConnections.class);
    private static final String KIND = "local";
    private static final String OWN_PORT = "org.osgi.service.http.port";

    private final BundleContext context;
    private final FoundFacts facts;
    private final boolean enabled;
    private final LocalServers servers;
    private final ScheduledThreadPoolExecutor executor;
    private final Map<LocalServer, Shown> shown = new EnumMap<>(LocalServer.class);
    private final List<ModelConnection> others = new CopyOnWriteArrayList<>();
    private volatile List<ConnectionSettings> settings = List.of();

    @Activate
    public LocalConnections(BundleContext context, Config config, @Reference ConfigurationAdmin configurations) {
        this(
                context,
                new FoundFacts(configurations),
                config.enabled(),
                Duration.ofSeconds(Math.max(1, config.intervalSeconds())),
                port(context, config));
    }

    LocalConnections(
            BundleContext context,
            FoundFacts facts,
            boolean enabled,
            Duration interval,
            ToIntFunction<LocalServer> ports) {
        this.context = context;
        this.facts = facts;
        this.enabled = enabled;
        this.servers = new LocalServers(ports);
        this.executor = new ScheduledThreadPoolExecutor(1, task -> {
            var thread = new Thread(task, "model-local");
            thread.setDaemon(true);
            return thread;
        });
        if (enabled) {
            executor.scheduleWithFixedDelay(this::lookNow, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private static ToIntFunction<LocalServer> port(BundleContext context, Config config) {
        String own = context.getProperty(OWN_PORT);
        return server -> {
            int port =
                    switch (server) {
                        case OLLAMA -> config.ollamaPort();
                        case LLAMA_CPP -> config.llamacppPort();
                        case LM_STUDIO -> config.lmstudioPort();
                        case VLLM -> config.vllmPort();
                    };
            return Integer.toString(port).equals(own) ? 0 : port;
        };
    }

    @Deactivate
    void deactivate() {
        executor.shutdownNow();
        synchronized (shown) {
            List.copyOf(shown.keySet()).forEach(this::hide);
        }
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindConnection(ModelConnection connection) {
        others.add(connection);
    }

    void unbindConnection(ModelConnection connection) {
        others.remove(connection);
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public List<ConnectionSettings> connections() {
        return settings;
    }

    /** What is said of its models; everything else is as it was found. */
    @Override
    public void save(ConnectionSettings wanted, @Nullable String key) {
        synchronized (shown) {
            Map.Entry<LocalServer, Shown> found = shown.entrySet().stream()
                    .filter(each -> each.getKey().connection().equals(wanted.name()))
                    .findFirst()
                    .orElseThrow(
                            () -> new IllegalArgumentException(
                                    "name: no server of this name was found here; set up a connection of the kind openai instead"));
            BaseUrl base = found.getValue().base();
            if (!BaseUrl.of(wanted.baseUrl()).equals(base)
                    || !wanted.headers().isEmpty()
                    || (key != null && !key.isBlank())) {
                throw new IllegalArgumentException("baseUrl, headers, key: " + wanted.name() + " was found at " + base
                        + "; set up a connection of the kind openai to say something else");
            }
            ModelFacts said = ModelFacts.checked(
                    wanted.models(), wanted.contextTokens(), wanted.prices(), wanted.takes(), wanted.protocol());
            try {
                facts.save(found.getKey(), said);
            } catch (IOException e) {
                throw notKept(wanted.name(), e);
            }
            found.getValue().connection().change(settings(found.getKey(), base, said));
            tell();
        }
    }

    private static IllegalStateException notKept(String name, IOException e) {
        return new IllegalStateException(
                "What is said of " + Redaction.plain(name, 60) + " cannot be kept: "
                        + Redaction.plain(e.getMessage(), 200),
                e);
    }

    /** What was said of its models is forgotten; it goes itself when its server goes. */
    @Override
    public void remove(String name) {
        synchronized (shown) {
            for (LocalServer server : LocalServer.all()) {
                if (server.connection().equals(name)) {
                    try {
                        facts.forget(server);
                    } catch (IOException e) {
                        throw notKept(name, e);
                    }
                    Shown found = shown.get(server);
                    if (found != null) {
                        found.connection().change(settings(server, found.base(), ModelFacts.NONE));
                    }
                    tell();
                }
            }
        }
    }

    @Override
    public CompletionStage<Void> look() {
        try {
            return enabled
                    ? CompletableFuture.runAsync(this::lookNow, executor)
                    : CompletableFuture.completedFuture(null);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.completedFuture(null);
        }
    }

    private void lookNow() {
        try {
            Set<LocalServer> known;
            synchronized (shown) {
                known = Set.copyOf(shown.keySet());
            }
            Map<LocalServer, BaseUrl> found = servers.look(known);
            synchronized (shown) {
                if (executor.isShutdown()) {
                    return;
                }
                for (LocalServer server : LocalServer.all()) {
                    BaseUrl base = found.get(server);
                    Shown now = shown.get(server);
                    boolean wanted = base != null && !isTaken(server.connection());
                    if (now != null && (!wanted || !now.base().equals(base))) {
                        hide(server);
                    }
                    if (base != null && wanted && !shown.containsKey(server)) {
                        show(server, base);
                    }
                }
                tell();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.warn("Servers on this machine cannot be looked for: {}", e.toString());
        }
    }

    private void tell() {
        List<ConnectionSettings> all = new ArrayList<>();
        shown.forEach((server, each) -> {
            ModelFacts said = facts.of(server);
            all.add(new ConnectionSettings(
                    server.connection(),
                    KIND,
                    each.base().toString(),
                    Map.of(),
                    null,
                    said.models(),
                    said.contextTokens(),
                    said.prices(),
                    said.takes(),
                    said.protocol().isEmpty() ? null : said.protocol()));
        });
        settings = List.copyOf(all);
    }

    /** What the user has set up goes before what is found. */
    private boolean isTaken(String name) {
        return others.stream()
                .anyMatch(other ->
                        !(other instanceof LocalConnection) && other.name().equals(name));
    }

    private static Settings settings(LocalServer server, BaseUrl base, ModelFacts said) {
        return new Settings(
                server.connection(),
                server.title(),
                base,
                Map.of(),
                "",
                Duration.ofSeconds(5),
                new OpenAiClient.Timeouts(Duration.ofMinutes(5), Duration.ofMinutes(1), Duration.ofHours(1)),
                said);
    }

    private void show(LocalServer server, BaseUrl base) {
        var connection = new LocalConnection(new Connection(
                settings(server, base, facts.of(server)),
                new Keys(() -> null, name -> null),
                new Retry(
                        Duration.ofSeconds(1), () -> ThreadLocalRandom.current().nextDouble()),
                new LocalFacts(server)));
        connection.refresh();
        var properties = new HashMap<String, Object>(Map.of("name", server.connection()));
        shown.put(
                server,
                new Shown(
                        base,
                        connection,
                        context.registerService(
                                ModelConnection.class, connection, new java.util.Hashtable<>(properties))));
        LOG.info("Found {} at {}", server.title(), base);
    }

    private void hide(LocalServer server) {
        Shown gone = shown.remove(server);
        if (gone != null) {
            try {
                gone.registration().unregister();
            } catch (IllegalStateException e) {
                // The bundle is stopping and has taken it back already.
            }
            gone.connection().close();
            LOG.info("{} at {} is gone", server.title(), gone.base());
        }
    }
}
