package org.rungpt.web;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.artifact.ArtifactStore;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.chat.Library;
import org.rungpt.api.chat.ModelProbes;
import org.rungpt.api.chat.Permissions;
import org.rungpt.api.chat.Spending;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.ModelConnections;
import org.rungpt.api.runner.WorkspaceJournal;
import org.rungpt.api.secret.SecretStore;
import org.rungpt.api.status.StatusSource;
import org.rungpt.api.store.ConversationArchive;
import org.rungpt.api.store.ConversationStore;

/** The services that the API speaks for. Any of them may come and go while requests run. */
@Component(service = Services.class)
public final class Services {
    private final ServiceSlot<Conversations> conversations = new ServiceSlot<>("The chat engine");
    private final ServiceSlot<Permissions> permissions = new ServiceSlot<>("The chat engine");
    private final ServiceSlot<Spending> spending = new ServiceSlot<>("The chat engine");
    private final ServiceSlot<ConversationStore> store = new ServiceSlot<>("The conversation store");
    private final ServiceSlot<SecretStore> secrets = new ServiceSlot<>("The store of secrets");
    private final ServiceSlot<ConversationArchive> archive = new ServiceSlot<>("The conversation store");
    private final ServiceSlot<Library> library = new ServiceSlot<>("The chat engine");
    private final ServiceSlot<ActionRegistry> registry = new ServiceSlot<>("The action registry");
    private final ServiceSlot<ModelProbes> probes = new ServiceSlot<>("The chat engine");
    private final ServiceSlot<ArtifactStore> artifacts = new ServiceSlot<>("The store of files");
    private final ServiceSlot<WorkspaceJournal> journal = new ServiceSlot<>("The journal of workspaces");
    private final List<ModelConnection> connections = new CopyOnWriteArrayList<>();
    private final List<ModelConnections> connectionKinds = new CopyOnWriteArrayList<>();
    private final List<StatusSource> statusSources = new CopyOnWriteArrayList<>();

    @Activate
    public Services() {}

    Conversations conversations() throws ApiException {
        return conversations.get();
    }

    Permissions permissions() throws ApiException {
        return permissions.get();
    }

    Spending spending() throws ApiException {
        return spending.get();
    }

    ConversationStore store() throws ApiException {
        return store.get();
    }

    @Nullable
    ConversationStore storeNow() {
        return store.now();
    }

    SecretStore secrets() throws ApiException {
        return secrets.get();
    }

    ConversationArchive archive() throws ApiException {
        return archive.get();
    }

    @Nullable
    ConversationArchive archiveNow() {
        return archive.now();
    }

    Library library() throws ApiException {
        return library.get();
    }

    ActionRegistry registry() throws ApiException {
        return registry.get();
    }

    ModelProbes probes() throws ApiException {
        return probes.get();
    }

    ArtifactStore artifacts() throws ApiException {
        return artifacts.get();
    }

    WorkspaceJournal journal() throws ApiException {
        return journal.get();
    }

    @Nullable
    WorkspaceJournal journalNow() {
        return journal.now();
    }

    List<ModelConnection> connections() {
        return connections;
    }

    Optional<ModelConnection> connection(String name) {
        return connections.stream().filter(it -> it.name().equals(name)).findFirst();
    }

    /** Waits a moment for a connection that was made just now. */
    void awaitConnection(String name) {
        long end = System.nanoTime() + 2_000_000_000L;
        synchronized (connections) {
            try {
                long left = 2_000;
                while (connection(name).isEmpty() && left > 0) {
                    connections.wait(left);
                    left = (end - System.nanoTime()) / 1_000_000;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    List<ModelConnections> connectionKinds() {
        return connectionKinds;
    }

    List<StatusSource> statusSources() {
        return statusSources;
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindConversations(Conversations service) {
        conversations.bind(service);
    }

    void unbindConversations(Conversations service) {
        conversations.unbind(service);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindPermissions(Permissions service) {
        permissions.bind(service);
    }

    void unbindPermissions(Permissions service) {
        permissions.unbind(service);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindSpending(Spending service) {
        spending.bind(service);
    }

    void unbindSpending(Spending service) {
        spending.unbind(service);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindStore(ConversationStore service) {
        store.bind(service);
    }

    void unbindStore(ConversationStore service) {
        store.unbind(service);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindSecrets(SecretStore service) {
        secrets.bind(service);
    }

    void unbindSecrets(SecretStore service) {
        secrets.unbind(service);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindArchive(ConversationArchive service) {
        archive.bind(service);
    }

    void unbindArchive(ConversationArchive service) {
        archive.unbind(service);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindLibrary(Library service) {
        library.bind(service);
    }

    void unbindLibrary(Library service) {
        library.unbind(service);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindRegistry(ActionRegistry service) {
        registry.bind(service);
    }

    void unbindRegistry(ActionRegistry service) {
        registry.unbind(service);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindProbes(ModelProbes service) {
        probes.bind(service);
    }

    void unbindProbes(ModelProbes service) {
        probes.unbind(service);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindArtifacts(ArtifactStore service) {
        artifacts.bind(service);
    }

    void unbindArtifacts(ArtifactStore service) {
        artifacts.unbind(service);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindJournal(WorkspaceJournal service) {
        journal.bind(service);
    }

    void unbindJournal(WorkspaceJournal service) {
        journal.unbind(service);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindConnection(ModelConnection service) {
        synchronized (connections) {
            connections.add(service);
            connections.notifyAll();
        }
    }

    void unbindConnection(ModelConnection service) {
        connections.remove(service);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindConnectionKind(ModelConnections service) {
        connectionKinds.add(service);
    }

    void unbindConnectionKind(ModelConnections service) {
        connectionKinds.remove(service);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindStatusSource(StatusSource service) {
        statusSources.add(service);
    }

    void unbindStatusSource(StatusSource service) {
        statusSources.remove(service);
    }
}
