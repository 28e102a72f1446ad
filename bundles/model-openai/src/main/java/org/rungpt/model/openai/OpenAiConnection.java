package org.rungpt.model.openai;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.Designate;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelException;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.ModelObserver;
import org.rungpt.api.model.ModelPassage;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.ModelStream;
import org.rungpt.api.secret.SecretStore;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection for each configuration. A configuration that is wrong makes it unready, or leaves it as it was. */
@Component(
        service = {ModelConnection.class, StatusSource.class},
        configurationPid = OpenAiConnection.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = ConnectionConfig.class, factory = true)
public final class OpenAiConnection implements ModelConnection, StatusSource {
    static final String PID = "org.rungpt.model.openai";

    private static final Logger LOG = LoggerFactory.getLogger(OpenAiConnection.class);

    private final Keys keys = new Keys(this::secrets, System::getenv);
    private final String fallbackName;
    private volatile @Nullable SecretStore secrets;
    private volatile @Nullable Connection connection;
    private volatile String problem = "";

    @Activate
    public OpenAiConnection(ConnectionConfig config) {
        fallbackName = config.name();
        apply(config);
    }

    @Modified
    void modified(ConnectionConfig config) {
        apply(config);
    }

    @Deactivate
    void deactivate() {
        Connection known = connection;
        if (known != null) {
            known.close();
            LOG.info("Connection {} stopped", known.name());
        }
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindSecrets(SecretStore store) {
        secrets = store;
        Connection known = connection;
        if (known != null) {
            known.keyMayHaveChanged();
        }
    }

    void unbindSecrets(SecretStore store) {
        if (secrets == store) {
            secrets = null;
        }
    }

    private @Nullable SecretStore secrets() {
        return secrets;
    }

    private void apply(ConnectionConfig config) {
        Connection known = connection;
        try {
            Settings settings = Settings.of(config, System::getenv);
            problem = "";
            if (known == null) {
                connection = new Connection(
                        settings, keys, new Retry(Duration.ofSeconds(1), () -> ThreadLocalRandom.current()
                                .nextDouble()));
                LOG.info("Connection {} to {}", settings.name(), settings.base());
            } else {
                known.change(settings);
            }
        } catch (RuntimeException e) {
            String wrong = PID + "~" + Redaction.plain(fallbackName, 60) + ": " + Redaction.plain(e.getMessage(), 300);
            LOG.error("{}{}", wrong, known == null ? "" : "; it stays as it was");
            problem = known == null ? wrong : "";
        }
    }

    @Override
    public String name() {
        Connection known = connection;
        return known == null ? fallbackName : known.name();
    }

    @Override
    public String id() {
        return "model-" + name();
    }

    @Override
    public String title() {
        Connection known = connection;
        return known == null ? fallbackName : known.title();
    }

    @Override
    public Readiness readiness() {
        Connection known = connection;
        return known == null ? Readiness.unready(problem, "Correct the configuration.") : known.readiness();
    }

    @Override
    public List<ModelInfo> models() {
        Connection known = connection;
        return known == null ? List.of() : known.models();
    }

    @Override
    public Optional<String> protocol() {
        Connection known = connection;
        return known == null ? Optional.empty() : known.protocol();
    }

    @Override
    public Optional<ModelPassage> passage() {
        Connection known = connection;
        return known == null ? Optional.empty() : known.passage();
    }

    @Override
    public CompletionStage<List<ModelInfo>> refresh() {
        Connection known = connection;
        return known == null ? CompletableFuture.failedFuture(misconfigured()) : known.refresh();
    }

    @Override
    public ModelStream stream(ModelRequest request, ModelObserver observer) {
        Connection known = connection;
        if (known != null) {
            return known.stream(request, observer);
        }
        observer.failed(misconfigured());
        return () -> {};
    }

    private ModelException misconfigured() {
        return new ModelException(ModelException.Kind.BAD_REQUEST, problem, "Correct the configuration.");
    }
}
