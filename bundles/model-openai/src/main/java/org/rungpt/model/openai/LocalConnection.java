package org.rungpt.model.openai;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelInfo;
import org.rungpt.api.model.ModelObserver;
import org.rungpt.api.model.ModelPassage;
import org.rungpt.api.model.ModelRequest;
import org.rungpt.api.model.ModelStream;
import org.rungpt.api.status.Readiness;

/** A connection to a server on this machine that was found, not set up. */
final class LocalConnection implements ModelConnection, AutoCloseable {
    private final Connection connection;

    LocalConnection(Connection connection) {
        this.connection = connection;
    }

    /** What is said of its models is another thing from now on. */
    void change(Settings settings) {
        connection.change(settings);
    }

    @Override
    public String name() {
        return connection.name();
    }

    @Override
    public String title() {
        return connection.title();
    }

    @Override
    public Readiness readiness() {
        return connection.readiness();
    }

    @Override
    public List<ModelInfo> models() {
        return connection.models();
    }

    @Override
    public Optional<String> protocol() {
        return connection.protocol();
    }

    @Override
    public Optional<ModelPassage> passage() {
        return connection.passage();
    }

    @Override
    public CompletionStage<List<ModelInfo>> refresh() {
        return connection.refresh();
    }

    @Override
    public ModelStream stream(ModelRequest request, ModelObserver observer) {
        return connection.stream(request, observer);
    }

    @Override
    public void close() {
        connection.close();
    }
}
