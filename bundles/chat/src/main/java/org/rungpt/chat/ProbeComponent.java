package org.rungpt.chat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.ModelProbes;
import org.rungpt.api.chat.ProbeReport;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.protocol.CallProtocol;

/** Runs probes; remembers the latest of each model until it stops. */
@Component
public final class ProbeComponent implements ModelProbes {
    private static final int MAX_MODELS = 200;

    private final Map<String, Probe> probes = new ConcurrentHashMap<>();
    private final List<ModelConnection> connections = new CopyOnWriteArrayList<>();
    private final List<CallProtocol> protocols = new CopyOnWriteArrayList<>();

    @Activate
    public ProbeComponent() {}

    @Deactivate
    void deactivate() {
        probes.values().forEach(Probe::cancel);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindConnection(ModelConnection connection) {
        connections.add(connection);
    }

    void unbindConnection(ModelConnection connection) {
        connections.remove(connection);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindProtocol(CallProtocol protocol) {
        protocols.add(protocol);
    }

    void unbindProtocol(CallProtocol protocol) {
        protocols.remove(protocol);
    }

    @Override
    public ProbeReport start(String model) throws ChatException {
        ModelName name;
        try {
            name = ModelName.parse(model);
        } catch (IllegalArgumentException e) {
            throw new ChatException(ChatException.Kind.INVALID, String.valueOf(e.getMessage()), e);
        }
        ModelConnection connection = connections.stream()
                .filter(each -> each.name().equals(name.connection()))
                .findFirst()
                .orElseThrow(() -> new ChatException(
                        ChatException.Kind.NOT_FOUND,
                        "there is no connection " + name.connection() + ": set it up first"));
        if (protocols.isEmpty()) {
            throw new ChatException(ChatException.Kind.UNAVAILABLE, "no protocol for calls is there");
        }
        Probe probe;
        boolean fresh;
        synchronized (probes) {
            Probe before = probes.get(name.toString());
            fresh = before == null || !before.isRunning();
            probe = fresh || before == null ? new Probe(name, connection, protocols) : before;
            if (fresh && before == null && probes.size() >= MAX_MODELS) {
                probes.values().removeIf(each -> !each.isRunning());
            }
            probes.put(name.toString(), probe);
        }
        if (fresh) {
            probe.next();
        }
        return probe.report();
    }

    @Override
    public Optional<ProbeReport> report(String model) {
        return Optional.ofNullable(probes.get(model)).map(Probe::report);
    }

    @Override
    public void cancel(String model) {
        Probe probe = probes.get(model);
        if (probe != null) {
            probe.cancel();
        }
    }
}
