package org.rungpt.chat;

import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.action.InstalledAction;
import org.rungpt.api.artifact.ArtifactStore;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.chat.ConversationListener;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.runner.HostTasks;
import org.rungpt.api.runner.ShareGuard;
import org.rungpt.api.runner.WorkspaceJournal;
import org.rungpt.api.secret.SecretStore;
import org.rungpt.api.store.ConversationArchive;
import org.rungpt.api.store.ConversationStore;
import org.rungpt.api.store.Settings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything that conversations need of others, looked up anew for every step. Any thread. */
final class Services {
    private static final Logger LOG = LoggerFactory.getLogger(Services.class);

    private final CopyOnWriteArrayList<Runnable> onArrival = new CopyOnWriteArrayList<>();
    final ServiceSet<ConversationStore> stores = new ServiceSet<>(this::arrived);
    final ServiceSet<ConversationArchive> archives = new ServiceSet<>(this::arrived);
    final ServiceSet<Settings> settings = new ServiceSet<>(this::arrived);
    final ServiceSet<ActionRegistry> registries = new ServiceSet<>(this::arrived);
    final ServiceSet<CallProtocol> protocols = new ServiceSet<>(this::arrived);
    final ServiceSet<ModelConnection> connections = new ServiceSet<>(this::arrived);
    final ServiceSet<ActionRunner> runners = new ServiceSet<>(this::arrived);
    final ServiceSet<SecretStore> secrets = new ServiceSet<>(this::arrived);
    final ServiceSet<ShareGuard> shareGuards = new ServiceSet<>(() -> {});
    final ServiceSet<HostTasks> hosts = new ServiceSet<>(this::arrived);
    final ServiceSet<ArtifactStore> artifacts = new ServiceSet<>(this::arrived);
    final ServiceSet<WorkspaceJournal> journals = new ServiceSet<>(() -> {});
    final ServiceSet<ConversationListener> listeners = new ServiceSet<>(() -> {});

    /** Tells of each arrival of a service that a step may be waiting for. */
    void onArrival(Runnable told) {
        onArrival.add(told);
    }

    private void arrived() {
        onArrival.forEach(Runnable::run);
    }

    void close() {
        onArrival.clear();
        stores.close();
        archives.close();
        settings.close();
    }

    Optional<CallProtocol> protocol(String id) {
        return protocols.all().stream()
                .filter(protocol -> protocol.id().equals(id))
                .findFirst();
    }

    /** @param gone the connection that said it was stopped; its successor has the same name */
    Optional<ModelConnection> connection(String name, @Nullable ModelConnection gone) {
        return connections.all().stream()
                .filter(connection -> connection != gone && connection.name().equals(name))
                .findFirst();
    }

    /** The runner for new calls: one that is ready, else any. */
    Optional<ActionRunner> runner(@Nullable ActionRunner gone) {
        return runners.all().stream()
                .filter(runner -> runner != gone && isReady(runner))
                .findFirst()
                .or(() -> runners.otherThan(gone));
    }

    /** Who serves the tasks of an action on the host; empty if they are programs. Only for what came with RunGPT. */
    Optional<HostTasks> host(InstalledAction action) {
        return hosts.all().stream()
                .filter(host -> action.files().builtIn() && host.action().equals(action.id()))
                .findFirst();
    }

    private static boolean isReady(ActionRunner runner) {
        try {
            return runner.readiness().ready();
        } catch (RuntimeException e) {
            return false;
        }
    }

    void tellAppended(ConversationEvent event) {
        for (ConversationListener listener : listeners.all()) {
            try {
                listener.appended(event);
            } catch (RuntimeException e) {
                complain(listener, e);
            }
        }
    }

    void tellTransient(String conversation, Draft draft) {
        if (listeners.all().isEmpty()) {
            return;
        }
        String data = draft.data().toString();
        for (ConversationListener listener : listeners.all()) {
            try {
                listener.transientEvent(conversation, draft.type(), data);
            } catch (RuntimeException e) {
                complain(listener, e);
            }
        }
    }

    void tellDeleted(String conversation) {
        for (ConversationListener listener : listeners.all()) {
            try {
                listener.deleted(conversation);
            } catch (RuntimeException e) {
                complain(listener, e);
            }
        }
    }

    private static void complain(ConversationListener listener, RuntimeException e) {
        LOG.warn("the listener {} failed: {}", listener.getClass().getName(), e.toString());
    }
}
